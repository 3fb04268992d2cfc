import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { selectImage } from '../../src/store/select.ts';
import { busyboxEntries, putBase } from '../support/base-images.ts';
import { builderBed, type BuilderBed } from '../support/builder-bed.ts';
import { testContext } from '../support/context.ts';
import { startFileServer } from '../support/file-server.ts';
import { findTool } from '../support/peers.ts';
import { slipway } from '../support/program.ts';
import { HELLO, writeBuildpacks } from '../support/sample-buildpacks.ts';

/** Says where it is, what is beside it and whether it may write there, and leaves a layer with that. */
const EXTRA = {
  id: 'test/extra',
  build: `mkdir -p "$1/facts"
{ echo "dir=$CNB_BUILDPACK_DIR"; ls /cnb/buildpacks; touch "$CNB_BUILDPACK_DIR/x" 2>/dev/null && echo writable || echo read-only; } >"$1/facts/seen"
cat "$1/facts/seen"
printf '[types]\\nlaunch = true\\n' >"$1/facts.toml"`,
};

describe('slipway build with buildpacks of its own', () => {
  it('runs a directory, a .tgz and the URL of a package alike: one digest, at the place of the builder’s', async (t) => {
    const bed = await extraBed(t);
    if (bed === undefined) return;
    const files = await startFileServer(t);
    const { directory } = bed.fixture;
    execFileSync('tar', ['-czf', join(directory, 'extra.tgz'), '-C', join(directory, 'extra/test_extra/1.0.0'), '.']);
    const packed = await slipway(
      ['buildpack', 'package', 'oci-archive:extra.cnb', '--path', 'extra/test_extra/1.0.0'],
      bed.options,
    );
    assert.equal(packed.code, 0, packed.stderr);
    files.set('/extra.cnb', { body: readFileSync(join(directory, 'extra.cnb')) });
    const digests: string[] = [];
    for (const form of ['extra/test_extra/1.0.0', './extra.tgz', `${files.url}/extra.cnb`]) {
      const built = await bed.build(['--output', 'oci:out', '-b', `${form},from=builder`, '--verbose']);
      assert.equal(built.code, 0, built.stderr);
      const lines = linesOf(built.stderr);
      for (const seen of ['dir=/cnb/buildpacks/test_extra/1.0.0', 'test_extra', 'test_hello', 'read-only'])
        assert.ok(lines.includes(seen), `${form}: ${seen} is not in\n${built.stderr}`);
      digests.push(/sha256:[0-9a-f]+/.exec(built.stdout)?.[0] ?? built.stdout);
    }
    assert.equal(new Set(digests).size, 1, digests.join('\n'));
    assert.match(digests[0] ?? '', /^sha256:[0-9a-f]{12}/);
    const label = (await labelsOf(join(directory, 'out'), t))['io.buildpacks.build.metadata'] ?? '';
    assert.match(
      label,
      /"buildpacks":\[\{"id":"test\/extra","version":"1.0.0".*\{"id":"test\/hello","version":"1.0.0"/,
    );
    // The builder that others use too has not changed.
    const store = join(directory, 'home', '.cache', 'slipway', 'rootfs');
    const roots = readdirSync(store).filter((name) => /^sha256-[0-9a-f]{64}$/.test(name));
    assert.ok(
      roots.every(
        (name) =>
          !existsSync(join(store, name, 'root/cnb/order.toml')) ||
          !existsSync(join(store, name, 'root/cnb/buildpacks/test_extra')),
      ),
    );
    const cache = await slipway(['cache', 'ls'], bed.options);
    assert.match(cache.stdout, /extra\.cnb/);
  });

  it('puts buildpacks before and behind every group, and takes an order file', async (t) => {
    const bed = await extraBed(t);
    if (bed === undefined) return;
    const { directory } = bed.fixture;
    const around = await bed.build([
      '--output',
      'oci:out',
      '--post-buildpack',
      'extra/test_extra/1.0.0',
      '--progress',
      'json',
    ]);
    assert.equal(around.code, 0, around.stderr);
    assert.match(around.stdout, /"passed":\["test\/hello@1.0.0","test\/extra@1.0.0"\]/);
    writeFileSync(join(directory, 'own.toml'), '[[order]]\n[[order.group]]\nid = "test/hello"\nversion = "1.0.0"\n');
    const order = await bed.build(['--output', 'oci:out', '--order', 'own.toml']);
    assert.equal(order.code, 0, order.stderr);
    assert.match(order.stderr, /order {11}own\.toml {3}1 group/);
    writeFileSync(join(directory, 'own.toml'), '[[order]]\n[[order.group]]\nid = "test/none"\nversion = "1.0.0"\n');
    const missing = await bed.build(['--output', 'oci:out', '--order', 'own.toml']);
    assert.equal(missing.code, 1, missing.stderr);
    assert.match(
      missing.stderr,
      /the builder oci:builder has no buildpack test\/none@1\.0\.0[\s\S]*has +test\/hello@1\.0\.0/,
    );
  });

  it('refuses a buildpack for other machines before anything runs, and contradicting flags before any work', async (t) => {
    const bed = await extraBed(t);
    if (bed === undefined) return;
    const misfit = { ...EXTRA, id: 'test/arm', toml: '[[targets]]\nos = "linux"\narch = "arm64"\n' };
    writeBuildpacks(join(bed.fixture.directory, 'arm'), [misfit]);
    const built = await bed.build(['--output', 'oci:out', '-b', 'arm/test_arm/1.0.0']);
    assert.equal(built.code, 1, built.stderr);
    assert.match(
      built.stderr,
      /buildpack test\/arm@1\.0\.0 is for linux\/arm64[\s\S]*the builder oci:builder +linux\/amd64/,
    );
    assert.doesNotMatch(built.stderr, /sandbox/);
    const both = await bed.build(['--output', 'oci:out', '-b', 'x', '--order', 'own.toml']);
    assert.deepEqual([both.code, both.stderr.includes('both say what the order is')], [3, true]);
    assert.doesNotMatch(both.stderr, /oci:builder/);
  });

  it('needs neither builder nor directory where all buildpacks are given', async (t) => {
    const bed = await extraBed(t);
    if (bed === undefined) return;
    const args = ['-b', 'extra/test_extra/1.0.0', '--pre-buildpack', 'bps/test_hello/1.0.0', '--run-image', 'oci:run'];
    const built = await bed.build(['--output', 'oci:out', ...args, '--verbose'], {}, []);
    assert.equal(built.code, 0, built.stderr);
    assert.ok(linesOf(built.stderr).includes('dir=/cnb/buildpacks/test_extra/1.0.0'), built.stderr);
    const beside = await bed.build(
      ['--output', 'oci:two', ...args.slice(0, 2), '-b', 'test/hello', ...args.slice(4)],
      {},
      ['--buildpacks', 'bps'],
    );
    assert.equal(beside.code, 0, beside.stderr);
  });
});

describe('slipway build on the host with a package', () => {
  it('runs it as whoever builds, who cannot look into the cache of root', async (t) => {
    const bed = await extraBed(t);
    if (bed === undefined) return;
    const packed = await slipway(['buildpack', 'package', 'oci:hello', '--path', 'bps/test_hello/1.0.0'], bed.options);
    assert.equal(packed.code, 0, packed.stderr);
    const args = ['--output', 'oci:out', '-b', 'oci:hello', '--run-image', 'oci:run', '--sandbox', 'host'];
    const built = await bed.build(args, {}, []);
    assert.equal(built.code, 0, built.stderr);
  });
});

describe('slipway build with extensions', () => {
  it('switches the run image where an extension names another', async (t) => {
    const bed = await extraBed(t);
    if (bed === undefined) return;
    await otherRunImage(bed, t);
    writeExtension(bed, 'FROM oci:other');
    const built = await bed.build(['--output', 'oci:out', '--extension', 'ext', '--verbose']);
    assert.equal(built.code, 0, built.stderr);
    const labels = await labelsOf(join(bed.fixture.directory, 'out'), t);
    assert.equal(labels['test.base'], 'other');
    assert.match(labels['io.buildpacks.build.metadata'] ?? '', /"extensions":\[\{"id":"test\/ext","version":"1.0.0"/);
    assert.match(built.stderr, /Extension test\/ext switches the run image to oci:other/);
    assert.match(
      built.stderr,
      /run image oci:other, which extension test\/ext names, is not among those of the builder/,
    );
  });

  it('says that extending is for later, by extension and Dockerfile, and what is wrong with the image that is named', async (t) => {
    const bed = await extraBed(t);
    if (bed === undefined) return;
    writeExtension(bed, 'FROM oci:run\\nRUN apt-get update');
    const extended = await bed.build(['--output', 'oci:out', '--extension', 'ext']);
    assert.equal(extended.code, 92, extended.stderr);
    assert.match(
      extended.stderr,
      /extension test\/ext wants to extend the run image: its run\.Dockerfile does more than name a base/,
    );
    writeExtension(bed, 'FROM oci:nowhere');
    const missing = await bed.build(['--output', 'oci:out', '--extension', 'ext']);
    assert.equal(missing.code, 32, missing.stderr);
    assert.match(missing.stderr, /run image oci:nowhere, to be used with extensions, cannot be used/);
    assert.equal(existsSync(join(bed.fixture.directory, 'out')), false);
  });

  it('runs those of the builder’s own order', async (t) => {
    const bed = await extraBed(t);
    if (bed === undefined) return;
    await otherRunImage(bed, t);
    writeExtension(bed, 'FROM oci:other');
    const config = join(bed.fixture.directory, 'builder.toml');
    const more =
      '[[extensions]]\nuri = "ext"\n[[order-extensions]]\n[[order-extensions.group]]\nid = "test/ext"\nversion = "1.0.0"\n';
    writeFileSync(config, `${readFileSync(config, 'utf8')}${more}`);
    const made = await slipway(['builder', 'create', 'oci:extending', '--config', 'builder.toml'], bed.options);
    assert.equal(made.code, 0, made.stderr);
    const built = await bed.build(['--output', 'oci:out'], {}, ['--builder', 'oci:extending']);
    assert.equal(built.code, 0, built.stderr);
    assert.equal((await labelsOf(join(bed.fixture.directory, 'out'), t))['test.base'], 'other');
  });
});

async function extraBed(t: TestContext): Promise<BuilderBed | undefined> {
  const bed = await builderBed(t, { buildpacks: [HELLO] });
  if (bed !== undefined) writeBuildpacks(join(bed.fixture.directory, 'extra'), [EXTRA]);
  return bed;
}

/** `ext`, which writes a run.Dockerfile of that text. */
function writeExtension({ fixture }: BuilderBed, dockerfile: string): void {
  const files = {
    'extension.toml': 'api = "0.12"\n[extension]\nid = "test/ext"\nversion = "1.0.0"\n',
    'bin/detect': '#!/bin/sh\nexit 0\n',
    'bin/generate': `#!/bin/sh\nprintf '${dockerfile}\\n' >"$CNB_OUTPUT_DIR/run.Dockerfile"\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(fixture.directory, 'ext', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  }
}

/** A run image `oci:other` that can be told apart. */
async function otherRunImage({ fixture }: BuilderBed, t: TestContext): Promise<void> {
  const ctx = testContext(t);
  const entries = busyboxEntries(findTool('busybox') ?? '');
  await using sink = await openLayoutSink(join(fixture.directory, 'other'), 'other', ctx);
  const platform = { os: 'linux', architecture: 'amd64' };
  sink.tag(undefined, await putBase(sink, platform, ctx, { entries, labels: { 'test.base': 'other' } }));
  await sink.commit(ctx);
}

/** Of the only image of a layout. */
async function labelsOf(layout: string, t: TestContext): Promise<Readonly<Record<string, string>>> {
  const location = { kind: 'oci', dir: layout } as const;
  const options = { role: 'app image', hostArchitecture: 'amd64' } as const;
  return (await selectImage(openLayout(layout), location, testContext(t), options)).config.labels;
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').map((line) => line.replace(/^[ │]+/, '').trim());
}
