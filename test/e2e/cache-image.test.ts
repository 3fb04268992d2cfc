import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parseLocation } from '../../src/oci/location.ts';
import { copyImage } from '../../src/store/copy.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { selectImage } from '../../src/store/select.ts';
import type { Image } from '../../src/ports/image.ts';
import { buildFixture } from '../support/build-fixture.ts';
import { assertFailure, assertSucceeded, runBuild, runCreator } from '../support/build-runs.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { AllowedDifferences } from '../support/differences.ts';
import type { ProgramResult } from '../support/program.ts';
import { RecordedRoot, whyNoRecordedRoot } from '../support/recorded-root.ts';
import { startRegistry } from '../support/registry.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';
import { judge } from '../support/verdicts.ts';

const GOLDEN = 'testdata/golden';
const unable = whyNoRecordedRoot();
const skip = unable === undefined ? false : `recorded runs cannot be repeated: ${unable}`;

/** A cached layer whose contents tell which build made it, with an SBOM that only the first build writes. */
const CACHED: SampleBuildpack = {
  id: 'test/cached',
  toml: 'sbom-formats = ["application/vnd.cyclonedx+json"]\n',
  build: `if [ -e "$1/lib.v1/made" ]; then echo "restored: $(cat "$1/lib.v1/made")"; ls "$1"; else
  echo "made anew"; mkdir -p "$1/lib.v1"; echo first >"$1/lib.v1/made"; echo '{"bomFormat":"CycloneDX"}' >"$1/lib.v1.sbom.cdx.json"
fi
printf '[types]\\ncache = true\\nbuild = true\\n' >"$1/lib.v1.toml"`,
};

describe('golden: -cache-image', { skip }, () => {
  const differences = new AllowedDifferences([]);

  it('config, labels and app image are equal, on the first build and over it', async (t) => {
    const ctx = testContext(t);
    const root = new RecordedRoot(temporaryDirectory(t));
    await using sink = await openLayoutSink(root.registry, 'base/run:v1', ctx);
    await copyImage({ source: openLayout(`${GOLDEN}/fixtures/base/run-v1`), name: undefined }, sink, ctx);
    await sink.commit(ctx);
    for (const [name, app] of [
      ['cache-image', 'app-v1.tar'],
      ['cache-image-rebuild', 'app-v2.tar'],
    ] as const) {
      root.clearLayers();
      root.app(app);
      root.run({ program: 'creator', user: 'root', args: creatorArgs() });
      // The registry's layout as this build left it.
      root.shell(`cp -r ${root.registry} ${root.registry}-${name}`);
    }
    const results = await root.finish();
    for (const [index, name] of ['cache-image', 'cache-image-rebuild'].entries())
      judge({ table: 'images', case: name, check: 'exit code' }, () =>
        assert.equal(results[index]?.exitCode, 0, results[index]?.output),
      );
    for (const name of ['cache-image', 'cache-image-rebuild']) {
      const layout = `${root.registry}-${name}`;
      const image = await imageIn(layout, 'app/cached:latest', t);
      const recorded = readFileSync(`${GOLDEN}/${name}/image/config.json`, 'utf8');
      judge({ table: 'images', case: name, check: 'config' }, () => assert.equal(textOf(image), recorded));
      const cacheImage = await imageIn(layout, 'app/cached-cache:latest', t);
      judge({ table: 'images', case: name, check: 'cache' }, ({ rows }) => compareCacheImage(cacheImage, name, rows));
    }
    const [first, second] = results.map(({ output }) => output);
    assert.match(
      first ?? '',
      /Restorer started[\s\S]*Layer cache not found[\s\S]*Cache started[\s\S]*Layer cache not found/,
    );
    for (const line of [
      'Restoring data for "oracle/layers:cache-only" from cache',
      'Restoring data for SBOM from cache',
      "Reusing cache layer 'buildpacksio/lifecycle:cache.sbom'",
    ])
      assert.ok(second?.includes(`${line}\n`), `${line} in: ${second ?? ''}`);
    assert.doesNotMatch(second ?? '', /Layer cache not found|Warning: .*cache/);
  });

  function compareCacheImage(image: Image, name: string, rows: Set<string>): void {
    const allowed = (id: string): void => {
      differences.use(id);
      rows.add(id);
    };
    const folder = `${GOLDEN}/${name}/cache-image`;
    const recorded = readFileSync(`${folder}/config.json`, 'utf8');
    allowed('cache-image-architecture');
    let expected = recorded.replace('{"architecture":"",', '{"architecture":"amd64",');
    if (name === 'cache-image-rebuild') {
      allowed('cache-image-no-duplicates');
      const sbom = '"sha256:0f04012b3b2273a41dbd8b993b7f9ab28a3ebc8b647d826f1c00e33ad0c30553"';
      expected = expected
        .replace(`${sbom},${sbom}]`, `${sbom}]`)
        .replace('{"created":"1980-01-01T00:00:01Z"},{"created"', '{"created"');
    }
    if (textOf(image) !== expected) assert.deepEqual(JSON.parse(textOf(image)), JSON.parse(expected));
    assert.equal(textOf(image), expected);
    const manifest: unknown = JSON.parse(readFileSync(`${folder}/manifest.json`, 'utf8'));
    assert.ok(typeof manifest === 'object' && manifest !== null && 'mediaType' in manifest);
    assert.equal(image.manifest.mediaType, manifest.mediaType);
    allowed('layer-gzip-bytes');
    for (const { descriptor } of image.layers)
      assert.equal(descriptor.mediaType, 'application/vnd.oci.image.layer.v1.tar+gzip');
  }
});

describe('a cache image in slipway build and the creator', () => {
  for (const kind of ['oci', 'oci-archive', 'registry'] as const) {
    it(`in a place of kind ${kind} gives the next build its layers (E-42)`, async (t) => {
      const fixture = await buildFixture(t, { buildpacks: [CACHED] });
      const cache = kind === 'registry' ? `${(await startRegistry(t)).name}/shop/cache` : `${kind}:cache`;
      const args = ['--output', 'oci:out', '--cache-image', cache];
      const first = await runBuild(fixture, args);
      assertSucceeded(first);
      assert.match(said(first), /made anew/);
      const second = await runBuild(fixture, args);
      assertSucceeded(second);
      assert.match(said(second), /restored: first/);
      assert.doesNotMatch(said(second), /cache image .* not used|Failed to export cache/);
    });
  }

  it('is read and written by the creator, and put back with the SBOM of a layer with a dot in its name (R-23, R-26, GAP-22)', async (t) => {
    const fixture = await buildFixture(t, { buildpacks: [CACHED] });
    const args = ['-cache-image', 'oci:cache', 'oci:out:shop'];
    const first = await runCreator(fixture, args);
    assertSucceeded(first);
    rmSync(join(fixture.directory, 'layers'), { recursive: true });
    const second = await runCreator(fixture, args);
    assertSucceeded(second);
    assert.match(said(second), /Restoring data for SBOM from cache/);
    assert.match(said(second), /restored: first\nlib\.v1\nlib\.v1\.sbom\.cdx\.json\nlib\.v1\.toml\n/);
  });

  it('is written by -parallel too, with one empty layer when nothing is cached (E-42)', async (t) => {
    const fixture = await buildFixture(t, { buildpacks: [{ id: 'test/nothing', build: 'exit 0' }] });
    const result = await runCreator(fixture, ['-parallel', '-cache-image', 'oci:cache', 'oci:out:shop']);
    assertSucceeded(result);
    assert.match(said(result), /Layer cache not found/);
    const image = await imageIn(join(fixture.directory, 'cache'), 'latest', t);
    assert.deepEqual(image.config.diffIds, ['sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef']);
  });

  it('that is broken is a warning, and the build goes on, exit 0 (R-26)', async (t) => {
    const fixture = await buildFixture(t, { buildpacks: [CACHED] });
    const result = await runBuild(fixture, ['--output', 'oci:out', '--cache-image', 'oci:run:run']);
    assertSucceeded(result);
    assert.match(said(result), /the cache image oci:run:run is not used: it has no label/);
  });

  it('in a layout with half an index.json is a warning at both ends, which say what to remove (R-26)', async (t) => {
    const fixture = await buildFixture(t, { buildpacks: [CACHED] });
    const build = (): Promise<ProgramResult> => runBuild(fixture, ['--output', 'oci:out', '--cache-image', 'oci:c:c']);
    assertSucceeded(await build());
    const index = join(fixture.directory, 'c/index.json');
    const half = readFileSync(index, 'utf8').slice(0, 40);
    writeFileSync(index, half);
    const broken = await build();
    assertSucceeded(broken);
    assert.match(said(broken), /the cache image oci:c:c is not used: .*c\/index\.json is not JSON/);
    assert.match(
      said(broken),
      /Failed to export cache: c\/index\.json is not JSON: .*; there is no cache until that is mended or removed/,
    );
    assert.equal(readFileSync(index, 'utf8'), half);
    rmSync(join(fixture.directory, 'c'), { recursive: true });
    assertSucceeded(await build());
    assert.match(said(await build()), /restored: first/);
  });

  it('that cannot be written is a warning of slipway build (exit 0), and ends the creator at analyze (exit 32) (E-45)', async (t) => {
    const registry = await startRegistry(t, { readOnly: true });
    const fixture = await buildFixture(t, { buildpacks: [CACHED] });
    const cache = `${registry.name}/shop/cache`;
    const result = await runBuild(fixture, ['--output', 'oci:out', '--cache-image', cache]);
    assertSucceeded(result);
    assert.match(said(result), /Failed to export cache: /);
    const creator = await runCreator(fixture, ['-cache-image', cache, 'oci:out2:shop']);
    assertFailure(creator, { code: 32, says: ['failed to ensure registry read/write access to', cache] });
  });

  it('is refused beside a cache folder (GAP-38), as the image itself, and on standard output: exit 3', async (t) => {
    const fixture = await buildFixture(t);
    const build = (...args: readonly string[]): Promise<ProgramResult> =>
      runBuild(fixture, ['--output', 'oci:out:a', ...args]);
    assertFailure(await build('--cache-image', 'oci:c', '--cache-dir', 'c'), {
      code: 3,
      says: ['supply only one of --cache-image and --cache-dir'],
    });
    assertFailure(await build('--cache-image', 'oci:./out:a'), {
      code: 3,
      says: ['the cache image is the image itself'],
    });
    assertFailure(await build('--cache-image', 'oci-archive:-'), {
      code: 3,
      says: ['a cache image cannot be on standard'],
    });
    const creator = await runCreator(fixture, ['-cache-image', 'oci:c', '-cache-dir', 'c', 'oci:out']);
    assertFailure(creator, { code: 3, says: ['supply only one of -cache-image and -cache-dir'] });
  });
});

function creatorArgs(): readonly string[] {
  const owner = ['-log-level', 'debug', '-uid', '1000', '-gid', '1000'];
  const files = ['-order', '/io/order.toml', '-launcher', '/io/launcher-stub'];
  const metadata = ['-project-metadata', '/io/project-metadata.toml', '-run-image', '127.0.0.1:5910/base/run:v1'];
  const cache = ['-cache-image', '127.0.0.1:5910/app/cached-cache', '127.0.0.1:5910/app/cached'];
  return [...owner, ...files, ...metadata, ...cache];
}

function imageIn(layout: string, ref: string, t: TestContext): Promise<Image> {
  const location = parseLocation(`oci:${layout}:${ref}`);
  return selectImage(openLayout(layout), location, testContext(t), { role: 'cache image', hostArchitecture: 'amd64' });
}

function textOf(image: Image): string {
  return Buffer.from(image.rawConfig).toString();
}

function said(result: ProgramResult): string {
  return result.stdout + result.stderr;
}
