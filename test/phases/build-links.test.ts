import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import { hasCode, SlipwayError } from '../../src/core/errors.ts';
import { build } from '../../src/phases/build.ts';
import { detect } from '../../src/phases/detect.ts';
import { readBuildpackDirectory } from '../../src/phases/export/buildpack-directories.ts';
import { hostSandbox } from '../../src/sandbox/host.ts';
import { listLayers } from '../../src/workspace/layers-directory.ts';
import { testContext } from '../support/context.ts';
import { Workbench } from '../support/workbench.ts';

const SBOM = 'sbom-formats = ["application/vnd.cyclonedx+json"]\n';

/** A build of one buildpack with this script; `$OUT` is a directory that only we can see, with a file `secret`. */
async function buildWith(
  t: TestContext,
  script: string,
  toml = '',
): Promise<{ bench: Workbench; error: unknown; out: string }> {
  const bench = new Workbench(t);
  const out = join(bench.directory, 'out');
  mkdirSync(out, { mode: 0o700 });
  writeFileSync(join(out, 'secret'), 'x = "canary"\n');
  const element = bench.buildpack({ id: 'evil', toml, build: `OUT=${out}\n${script}` });
  const group = [{ ...element, kind: 'buildpack' as const, api: '0.10' }];
  const ports = { sandbox: hostSandbox(), modules: bench.modules };
  const error = await build({ ...bench.input([]), group, plan: [] }, ports, testContext(t)).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { bench, error, out };
}

function assertRefused(error: unknown, words: RegExp): void {
  assert.ok(error instanceof SlipwayError, String(error));
  assert.deepEqual([error.code, error.exit], ['BUILDPACK_INVALID', 52]);
  assert.match(error.message, words);
  assert.doesNotMatch(JSON.stringify([error.message, error.details]), /canary/);
}

/** What a sandbox hides from a buildpack must not be had by way of this process, which works on the same directories outside. */
describe('links that a buildpack leaves', () => {
  it('an SBOM that is a link out of the layers is refused, not copied into the image', async (t) => {
    const { bench, error } = await buildWith(t, 'ln -s "$OUT/secret" "$1/launch.sbom.cdx.json"', SBOM);
    assertRefused(error, /launch\.sbom\.cdx\.json is a link that leads out/);
    assert.deepEqual(
      bench.layerPaths().filter((path) => path.startsWith('sbom')),
      [],
    );
  });

  it('an SBOM may be a link within the layers', async (t) => {
    const script = `echo '{}' > "$1/real.json"; ln -s real.json "$1/launch.sbom.cdx.json"`;
    const { bench, error } = await buildWith(t, script, SBOM);
    assert.equal(error, undefined);
    assert.equal(bench.readLayers('sbom/launch/evil/sbom.cdx.json'), '{}\n');
  });

  it('nothing is written through links where the SBOMs go', async (t) => {
    const { bench, error, out } = await buildWith(
      t,
      'echo "{}" > "$1/launch.sbom.cdx.json"; rm -rf "$1/../sbom"; ln -s "$OUT" "$1/../sbom"',
      SBOM,
    );
    assert.equal(error, undefined);
    assert.deepEqual(readdirSync(out), ['secret']);
    assert.equal(statSync(out).mode & 0o777, 0o700);
    assert.ok(lstatSync(join(bench.layers, 'sbom')).isDirectory());
    assert.equal(bench.readLayers('sbom/launch/evil/sbom.cdx.json'), '{}\n');
  });

  it('a link in the place of the config directory is taken away', async (t) => {
    const { bench, error } = await buildWith(t, 'ln -s "$OUT" "$1/../config"');
    assert.equal(error, undefined);
    assert.deepEqual(bench.layerPaths().includes('config'), false);
  });

  it('a buildpack that puts a link in the place of its layers directory fails, and nothing behind it is touched', async (t) => {
    const { error, out } = await buildWith(t, 'rm -rf "$1"; ln -s "$OUT" "$1"');
    assertRefused(error, /is not a directory/);
    assert.deepEqual(readdirSync(out), ['secret']);
  });

  it('launch.toml, a layer file and an environment file that lead out are refused', async (t) => {
    for (const script of [
      'ln -s "$OUT/secret" "$1/launch.toml"',
      'ln -s "$OUT/secret" "$1/tool.toml"',
      `mkdir -p "$1/tool/env"; ln -s "$OUT/secret" "$1/tool/env/TOKEN"; printf '[types]\\nbuild = true\\n' > "$1/tool.toml"`,
    ]) {
      assertRefused((await buildWith(t, script)).error, /is a link that leads out/);
    }
  });

  it('a pipe in the place of a file is refused at once', { timeout: 20_000 }, async (t) => {
    assertRefused((await buildWith(t, 'mkfifo "$1/launch.toml"')).error, /neither a file nor a directory/);
  });

  it('the layers of a buildpack whose directory is a link are read by nobody', async (t) => {
    const bench = new Workbench(t);
    symlinkSync('/', join(bench.layers, 'evil'));
    await assert.rejects(listLayers(join(bench.layers, 'evil')), (error) => hasCode(error, 'BUILDPACK_INVALID'));
    const element = { kind: 'buildpack', id: 'evil', version: '1', api: '0.10' } as const;
    await assert.rejects(readBuildpackDirectory(element, bench.dirs.layers), (error) =>
      hasCode(error, 'BUILDPACK_INVALID'),
    );
  });

  it('a build plan that is a link or a pipe is an error of that buildpack', { timeout: 20_000 }, async (t) => {
    for (const script of ['rm "$2"; ln -s /etc/passwd "$2"', 'rm "$2"; mkfifo "$2"']) {
      const bench = new Workbench(t);
      const ctx = testContext(t);
      const order = [[bench.buildpack({ id: 'evil', detect: script })]];
      const ports = { sandbox: hostSandbox(), modules: bench.modules };
      const input = bench.input(order, { features: platformFeatures('0.15') });
      await assert.rejects(detect(input, ports, ctx), (error) => hasCode(error, 'DETECT_FAILED'));
    }
  });
});
