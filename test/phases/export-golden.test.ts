import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { decodeMetadata } from '../../src/cnb/files/metadata.ts';
import { decodeProjectMetadata, projectMetadataLabel } from '../../src/cnb/files/project-metadata.ts';
import { platformFeatures } from '../../src/cnb/features.ts';
import { decodeLifecycleMetadata, LIFECYCLE_METADATA_LABEL } from '../../src/cnb/labels.ts';
import type { GroupElement } from '../../src/cnb/module.ts';
import { openFolderCache } from '../../src/cache/folder-cache.ts';
import { openFolderLayerStore } from '../../src/cache/layer-store.ts';
import { DEFAULT_COMPRESSION } from '../../src/layer/compression.ts';
import { parseDiffId } from '../../src/oci/digest.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { exportImage, type ExportInput, type ExportOutput, type ExportPorts } from '../../src/phases/export.ts';
import type { Image } from '../../src/ports/image.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { selectImage } from '../../src/store/select.ts';
import { validateStore } from '../../src/store/validate.ts';
import { GOLDEN_PRODUCT, temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { fixtureImage, RUN_V1 } from '../support/fixture-image.ts';
import {
  finishBuild,
  GOLDEN_GROUP,
  goldenPlaces,
  runLayersBuildpack,
  unpackApp,
  type GoldenBuild,
} from '../support/golden-layers.ts';

const GOLDEN = 'testdata/golden';

describe('exportImage, compared with recorded runs', () => {
  it('registry-5phase: the whole config, and the manifest but for our compression (E-02, E-15, E-26, E-27, E-28)', async (t) => {
    const ctx = goldenContext(t);
    const run = fiveBuildpacks(t, 'registry-5phase', 'v1');
    const { output, image } = await exportTo(t, run, ctx);
    assert.equal(image.rawConfig.toString(), readFileSync(`${GOLDEN}/registry-5phase/image/config.json`, 'utf8'));
    assert.equal(
      skeleton(Buffer.from(image.rawManifest.bytes).toString()),
      skeleton(readFileSync(`${GOLDEN}/registry-5phase/image/manifest.json`, 'utf8')),
    );
    assert.equal(output.digest, image.manifestDigest);
    assert.deepEqual(
      output.layers.map((layer) => `${layer.id} ${layer.status}`),
      [
        'base referenced',
        'base referenced',
        'oracle/layers:all new',
        'oracle/layers:launch-cache new',
        'oracle/layers:launch-only new',
        'buildpacksio/lifecycle:launch.sbom new',
        'slice-1 new',
        'slice-2 new',
        'slice-3 new',
        'slice-4 new',
        'buildpacksio/lifecycle:launcher new',
        'buildpacksio/lifecycle:config new',
        'buildpacksio/lifecycle:process-types new',
      ],
    );
  });

  it('registry-5phase: the cache metadata byte for byte', async (t) => {
    const ctx = goldenContext(t);
    const run = fiveBuildpacks(t, 'registry-5phase', 'v1');
    const directory = join(temporaryDirectory(t), 'cache');
    const cache = await openFolderCache(directory, ctx);
    await exportTo(t, run, ctx, { cache });
    const root = readFileSync(join(directory, 'roots/build.json'), 'utf8');
    const recorded = readFileSync(
      `${GOLDEN}/registry-5phase/cache/io.buildpacks.lifecycle.cache.metadata`,
      'utf8',
    ).trim();
    assert.ok(root.startsWith(`{"version":1,"metadata":${recorded},`), root);
    const again = await openFolderCache(directory, ctx);
    for (const sha of recorded.match(/sha256:[0-9a-f]{64}/g) ?? []) {
      const layer = await again.find(parseDiffId(sha), ctx);
      assert.ok(layer, sha);
    }
  });

  for (const name of ['minimal', 'empty-workspace']) {
    it(`${name}: the whole config`, async (t) => {
      const ctx = goldenContext(t);
      const build = goldenPlaces(t);
      finishBuild(build, name);
      if (name === 'minimal') writeApp(build);
      const input = inputOf(build, name, GOLDEN_GROUP.slice(0, 2), '{}');
      const { image } = await exportTo(t, input, ctx);
      assert.equal(image.rawConfig.toString(), readFileSync(`${GOLDEN}/${name}/image/config.json`, 'utf8'));
    });
  }

  it('rebuild-same: every layer is reused, the manifest is the same, and layers without contents come along (E-08, E-09, E-11, E-35)', async (t) => {
    const ctx = goldenContext(t);
    const directory = temporaryDirectory(t);
    const first = await exportTo(t, fiveBuildpacks(t, 'registry-5phase', 'v1'), ctx, { directory });
    const run = fiveBuildpacks(t, 'registry-5phase', 'v1');
    forget(run, 'launch-only');
    ctx.events.length = 0;
    const again = await exportTo(t, { ...run, previous: previousOf(first.image) }, ctx, { directory });
    assert.equal(again.image.rawConfig.toString(), readFileSync(`${GOLDEN}/rebuild-same/image/config.json`, 'utf8'));
    assert.equal(again.output.digest, first.output.digest);
    assert.deepEqual([...new Set(again.output.layers.slice(2).map((layer) => layer.status))], ['reused']);
    assert.deepEqual(infoLines(ctx).slice(0, 8), [
      "Reusing layer 'oracle/layers:all'",
      "Reusing layer 'oracle/layers:launch-cache'",
      "Reusing layer 'oracle/layers:launch-only'",
      "Reusing layer 'buildpacksio/lifecycle:launch.sbom'",
      'Reused 4/4 app layer(s)',
      "Reusing layer 'buildpacksio/lifecycle:launcher'",
      "Reusing layer 'buildpacksio/lifecycle:config'",
      "Reusing layer 'buildpacksio/lifecycle:process-types'",
    ]);
  });

  it('rebuild-changed: what changed is new, the rest keeps its blobs (E-09, E-10)', async (t) => {
    const ctx = goldenContext(t);
    const directory = temporaryDirectory(t);
    const first = await exportTo(t, fiveBuildpacks(t, 'registry-5phase', 'v1'), ctx, { directory });
    ctx.events.length = 0;
    const run = { ...fiveBuildpacks(t, 'rebuild-changed', 'v2'), previous: previousOf(first.image) };
    const { output, image } = await exportTo(t, run, ctx, { directory });
    assert.equal(image.rawConfig.toString(), readFileSync(`${GOLDEN}/rebuild-changed/image/config.json`, 'utf8'));
    const kept = output.layers.filter((layer) => layer.status === 'reused').map((layer) => layer.id);
    assert.deepEqual(kept, [
      'slice-1',
      'slice-3',
      'buildpacksio/lifecycle:launcher',
      'buildpacksio/lifecycle:process-types',
    ]);
    for (const { id, digest } of output.layers.filter((layer) => layer.status === 'reused'))
      assert.equal(digest, first.output.layers.find((layer) => layer.id === id)?.digest);
    assert.ok(infoLines(ctx).includes('Reused 2/4 app layer(s)'));
    assert.ok(infoLines(ctx).includes('Added 2/4 app layer(s)'));
  });

  it('a layer without contents comes from the launch cache when the previous image lost its blobs (E-49, GAP-33)', async (t) => {
    const ctx = goldenContext(t);
    const [directory, folder] = [temporaryDirectory(t), join(temporaryDirectory(t), 'both')];
    const launchCache = await openFolderLayerStore(folder, ctx);
    const first = await exportTo(t, fiveBuildpacks(t, 'registry-5phase', 'v1'), ctx, { launchCache, directory });
    const run = fiveBuildpacks(t, 'registry-5phase', 'v1');
    forget(run, 'launch-only');
    const lost: Image = { ...first.image, source: { ...first.image.source, has: () => Promise.resolve(false) } };
    const elsewhere = await exportTo(t, { ...run, previous: previousOf(lost) }, ctx, { launchCache });
    assert.equal(elsewhere.output.digest, first.output.digest);
    await assert.rejects(exportTo(t, { ...run, previous: previousOf(lost) }, ctx), {
      code: 'LAYER_WITHOUT_CONTENTS',
      message: /^cannot reuse 'oracle\/layers:launch-only', layer sha256:[0-9a-f]{64} is in oci:/,
    });
  });
});

function goldenContext(t: TestContext): TestContextOf {
  return testContext(t, { product: GOLDEN_PRODUCT });
}
/** The recorded five-buildpack run, ready to be exported. */
function fiveBuildpacks(t: TestContext, name: string, version: 'v1' | 'v2'): ExportInput {
  const build = goldenPlaces(t);
  unpackApp(build, version);
  finishBuild(build, name);
  runLayersBuildpack(build);
  const file = `${GOLDEN}/fixtures/project-metadata.toml`;
  const project = projectMetadataLabel(decodeProjectMetadata(readFileSync(file), file));
  return inputOf(build, name, GOLDEN_GROUP, project);
}

function inputOf(
  build: GoldenBuild,
  name: string,
  group: readonly GroupElement[],
  projectMetadata: string,
): ExportInput {
  const file = `${GOLDEN}/${name}/layers-dir/config/metadata.toml`;
  return {
    ...build,
    group,
    metadata: decodeMetadata(readFileSync(file), file),
    runImage: fixtureImage(`${GOLDEN}/fixtures/base/run-v1`, RUN_V1, '127.0.0.1:5910/base/run:v1'),
    runImageMetadata: {},
    target: { os: 'linux', arch: 'amd64' },
    previous: undefined,
    launcher: { bytes: readFileSync(`${GOLDEN}/fixtures/launcher-stub`) },
    processType: undefined,
    projectMetadata,
    sourceDateEpoch: undefined,
    execEnv: 'production',
    features: platformFeatures('0.15'),
    compression: DEFAULT_COMPRESSION,
  };
}

function writeApp(build: GoldenBuild): void {
  writeFileSync(join(build.app.real, 'hi.txt'), 'hi');
  chmodSync(join(build.app.real, 'hi.txt'), 0o644);
}

/** Leaves only the metadata of a layer. */
function forget(run: ExportInput, layer: string): void {
  rmSync(join(run.layers.real, 'oracle_layers', layer), { recursive: true });
}

interface Exported {
  readonly output: ExportOutput;
  readonly image: Image;
}

/** Exports into a layout and reads the image back. */
async function exportTo(
  t: TestContext,
  input: ExportInput,
  ctx: TestContextOf,
  options: Partial<ExportPorts> & { readonly directory?: string } = {},
): Promise<Exported> {
  const { directory = temporaryDirectory(t), ...ports } = options;
  await using sink = await openLayoutSink(directory, 'app', ctx);
  const location = parseLocation(`oci:${directory}:app`);
  const output = await exportImage(
    input,
    {
      sinks: [{ location, sink, names: [undefined] }],
      cache: undefined,
      launchCache: undefined,
      staging: sink.staging,
      ...ports,
    },
    ctx,
  );
  assert.deepEqual(
    output.outputs.map(({ error }) => error),
    [undefined],
  );
  const source = openLayout(directory);
  assert.deepEqual(await validateStore(source, ctx), []);
  const image = await selectImage(source, location, ctx, { role: 'app image', hostArchitecture: 'amd64' });
  return { output, image };
}

function previousOf(image: Image): ExportInput['previous'] {
  const metadata = decodeLifecycleMetadata(image.config.labels[LIFECYCLE_METADATA_LABEL] ?? '');
  assert.ok(metadata);
  return { image, metadata };
}

function infoLines(ctx: TestContextOf): readonly string[] {
  return ctx.events.flatMap((event) => (event.type === 'log' && event.level === 'info' ? [event.message] : []));
}

/** A manifest without what depends on the compressor, and with upstream's mixed types (GAP-6) made one. */
function skeleton(manifest: string): string {
  return manifest
    .replaceAll(/"size":\d+,"digest":"[^"]+"/g, 'X')
    .replaceAll('vnd.docker.image.rootfs.diff.tar.gzip', 'vnd.oci.image.layer.v1.tar+gzip');
}
