import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openFolderLayerStore } from '../../src/cache/layer-store.ts';
import { PLATFORM_APIS, platformFeatures } from '../../src/cnb/features.ts';
import { lifecycleMetadataLabel } from '../../src/cnb/labels.ts';
import { EMPTY_LIFECYCLE_METADATA } from '../../src/cnb/layer-metadata.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import { isScratch } from '../../src/image/plan.ts';
import { createLocator, type Locator } from '../../src/locate/locator.ts';
import { digestOf, hexOf, parseDiffId, type Digest } from '../../src/oci/digest.ts';
import { displayLocation, parseLocation, type Location } from '../../src/oci/location.ts';
import { encodeManifest, type RawManifest } from '../../src/oci/manifest.ts';
import { layerMediaType, OCI_CONFIG, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import { analyze, type AnalyzeInput } from '../../src/phases/analyze.ts';
import type { Layer } from '../../src/ports/blob.ts';
import type { AssembledImage } from '../../src/store/copy.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { goldenPlaces } from '../support/golden-layers.ts';
import { blobOf, entryOf, fill, imageOf, indexOf, tarOf } from '../support/images.ts';
import { startRegistry, testClient, type TestRegistry } from '../support/registry.ts';

const LABELS = {
  'io.buildpacks.base.id': 'test.base',
  'io.buildpacks.base.distro.name': 'test',
  'io.buildpacks.base.distro.version': '1',
};
const AMD64 = imageOf('linux/amd64', { config: { config: { Labels: LABELS } } });
const ARM64 = imageOf('linux/arm64/v8');

describe('analyze: the run image', () => {
  it('of an index is resolved once, recorded at the platform manifest, and its target is what the image says (A-36, GAP-2)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    const index = indexOf([entryOf(AMD64), entryOf(ARM64)]);
    await push({ t, registry }, 'base/run:v1', [AMD64, ARM64], [index]);
    const name = `${registry.name}/base/run:v1`;
    const output = await analyze(inputOf(t, registry, { runImage: [named(name)] }), { images: locator }, ctx);
    assert.deepEqual(output.analyzed.runImage, {
      reference: parseLocation(`${registry.name}/base/run@${AMD64.manifest.descriptor.digest}`),
      image: name,
      extend: false,
      target: { id: 'test.base', os: 'linux', arch: 'amd64', distro: { name: 'test', version: '1' } },
      slipway: { requested: name, index: index.descriptor.digest, platform: 'linux/amd64' },
    });
    assert.ok(!isScratch(output.runImage));
    assert.equal(output.runImage.manifestDigest, AMD64.manifest.descriptor.digest);
    assert.equal(output.analyzed.previousImage, undefined);
    assert.deepEqual(output.analyzed.metadata, EMPTY_LIFECYCLE_METADATA);
    assert.ok(lines(ctx, 'info').includes('Image with name "my/app" not found'));
    const resolved = ctx.events.filter((event) => event.type === 'image.resolved');
    assert.deepEqual(
      resolved.map((event) => event.role),
      ['run image'],
    );
  });

  it('follows the target (GAP-8)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/run:v1', [AMD64, ARM64], [indexOf([entryOf(AMD64), entryOf(ARM64)])]);
    const input = inputOf(t, registry, { target: parsePlatform('linux/arm64') });
    const { analyzed } = await analyze(input, { images: locator }, ctx);
    assert.deepEqual(analyzed.runImage?.target, { os: 'linux', arch: 'arm64', archVariant: 'v8' });
  });

  it('that is missing stops here with exit 32, what the registry said and where credentials were looked up (A-35, GAP-1)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    const error = await failure(analyze(inputOf(t, registry, {}), { images: locator }, ctx));
    assert.equal(error.code, 'RUN_IMAGE_UNUSABLE');
    assert.equal(error.exit, 32);
    assert.match(error.message, new RegExp(`^the run image cannot be used: .*${registry.name}/base/run:v1`));
    assert.equal(error.details['status'], '404');
    assert.equal(error.details['tried'], `${registry.name}/base/run:v1`);
    assert.match(error.details['looked in'] ?? '', /test keychain/);
    assert.deepEqual(error.hint, { kind: 'choose-run-image' });
  });

  it('without the platform says what is on offer (A-38, GAP-1)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/run:v1', [AMD64, ARM64], [indexOf([entryOf(AMD64), entryOf(ARM64)])]);
    const input = inputOf(t, registry, { target: parsePlatform('linux/s390x') });
    const error = await failure(analyze(input, { images: locator }, ctx));
    assert.equal(error.code, 'RUN_IMAGE_UNUSABLE');
    assert.deepEqual(error.hint, { kind: 'choose-platform', offered: ['linux/amd64', 'linux/arm64/v8'] });
    assert.equal(error.details['offered'], 'linux/amd64, linux/arm64/v8');
  });

  it('with a 401, without layers, without os, or of one wrong platform stops here too (A-21, A-23, A-42, GAP-1)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/empty:v1', [imageOf('linux/amd64', { layers: [] })]);
    await push({ t, registry }, 'base/noos:v1', [imageOf('linux/amd64', { config: { os: '' } })]);
    await push({ t, registry }, 'base/arm:v1', [ARM64]);
    const closed = await setUp(t, { auth: { kind: 'basic', users: { someone: 'else' } } });
    for (const [name, images] of [
      [`${registry.name}/base/empty:v1`, locator],
      [`${registry.name}/base/noos:v1`, locator],
      [`${registry.name}/base/arm:v1`, locator],
      [`${closed.registry.name}/base/run:v1`, closed.locator],
    ] as const) {
      const input = inputOf(t, registry, {
        runImage: [named(name)],
        outputs: [],
        target: parsePlatform('linux/amd64'),
      });
      const error = await failure(analyze(input, { images }, ctx));
      assert.equal(error.code, 'RUN_IMAGE_UNUSABLE', name);
      assert.equal(error.exit, 32);
      assert.ok(error.message.includes(name), error.message);
    }
  });

  it('on the registry of the output is tried first, then the others in their order, each with the reason (A-17, A-18)', async (t) => {
    const [near, far] = [await setUp(t), await setUp(t)];
    await push({ t, registry: far.registry }, 'base/run:v1', [ARM64]);
    await push({ t, registry: near.registry }, 'mirror/run:v1', [AMD64]);
    const candidates = [`${far.registry.name}/base/run:v1`, `${near.registry.name}/mirror/run:v1`].map(named);
    const input = inputOf(t, near.registry, { runImage: candidates });
    const first = await analyze(input, { images: near.locator }, near.ctx);
    assert.equal(first.analyzed.runImage?.image, candidates[1]?.name);
    const chosen = lines(near.ctx, 'info').filter((line) => line.startsWith('Run image '));
    assert.deepEqual(chosen, [
      `Run image ${near.registry.name}/mirror/run:v1 is taken: it is the first on the image's registry`,
    ]);
    assert.ok(
      lines(near.ctx, 'debug').includes(
        `Run image ${far.registry.name}/base/run:v1 is not tried: ${near.registry.name}/mirror/run:v1 can be used`,
      ),
    );
    const gone = [named(`${near.registry.name}/gone/run:v1`), ...candidates.slice(0, 1)];
    const second = await analyze({ ...input, runImage: gone }, { images: near.locator }, near.ctx);
    assert.equal(second.analyzed.runImage?.image, candidates[0]?.name);
    const warning = near.ctx.events.find((event) => event.type === 'warning');
    assert.match(warning?.message ?? '', /gone\/run:v1 cannot be used .*was not found.*base\/run:v1 is used instead$/);
    assert.ok(
      lines(near.ctx, 'info').includes(
        `Run image ${far.registry.name}/base/run:v1 is taken: those on the image's registry cannot be used, it is the first that can be used`,
      ),
    );
    const third = await analyze({ ...input, runImage: gone, outputs: [] }, { images: near.locator }, near.ctx);
    assert.equal(third.analyzed.runImage?.image, candidates[0]?.name);
    const said = lines(near.ctx, 'info').filter((line) => line.startsWith('Run image '));
    assert.match(said.at(-1) ?? '', /none is on the image's registry, it is the first that can be used$/);
  });

  it('names every candidate and its reason when none can be used (A-19)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/empty:v1', [imageOf('linux/amd64', { layers: [] })]);
    const names = ['gone/run:v1', 'base/empty:v1'].map((name) => `${registry.name}/${name}`);
    const error = await failure(
      analyze(inputOf(t, registry, { runImage: names.map(named) }), { images: locator }, ctx),
    );
    assert.equal(error.message, `none of 2 run images can be used: ${names.join(', ')}`);
    assert.match(error.details['tried'] ?? '', new RegExp(`^${names[0] ?? ''}: .*; ${names[1] ?? ''}: .*no layers`));
  });

  it('must be named, and scratch must have a platform', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    const none = await failure(analyze(inputOf(t, registry, { runImage: [] }), { images: locator }, ctx));
    assert.equal(none.code, 'RUN_IMAGE_UNKNOWN');
    assert.equal(none.exit, 3);
    const scratch = inputOf(t, registry, { runImage: { kind: 'scratch' } });
    assert.equal((await failure(analyze(scratch, { images: locator }, ctx))).code, 'ARGUMENT_INVALID');
    const output = await analyze({ ...scratch, target: parsePlatform('linux/riscv64') }, { images: locator }, ctx);
    assert.ok(isScratch(output.runImage));
    assert.equal(output.runImage.platform.architecture, 'riscv64');
    assert.equal(output.analyzed.runImage, undefined);
  });
});

describe('analyze: what Platform APIs differ in', () => {
  it('the target is recorded from 0.12 on, with os, architecture, variant, distro and id (A-22)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    const base = imageOf('linux/arm/v7', { config: { config: { Labels: LABELS } } });
    await push({ t, registry }, 'base/run:v1', [base]);
    for (const api of PLATFORM_APIS) {
      const input = inputOf(t, registry, { features: platformFeatures(api) });
      const { analyzed } = await analyze(input, { images: locator }, ctx);
      assert.deepEqual(
        analyzed.runImage?.target,
        Number(api.slice(2)) < 12
          ? undefined
          : {
              id: 'test.base',
              os: 'linux',
              arch: 'arm',
              archVariant: 'v7',
              distro: { name: 'test', version: '1' },
            },
        api,
      );
    }
  });

  it('the SBOM of the previous image comes back from 0.8 on, and not with -skip-layers (A-10, A-11, A-12)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/run:v1', [AMD64]);
    const tar = tarOf({ 'layers/sbom/launch/sbom.legacy.json': Buffer.from('[]') });
    const blob = blobOf(gzipSync(tar), layerMediaType('oci', 'gzip'));
    const sbom: Layer = { ...blob, diffId: parseDiffId(digestOf(tar)), origins: [] };
    const label = lifecycleMetadataLabel({ ...EMPTY_LIFECYCLE_METADATA, sbom: sbom.diffId });
    await push({ t, registry }, 'my/app:latest', [imageWith(sbom, label)]);
    for (const [api, skipLayers, isThere] of [
      ['0.7', false, false],
      ['0.8', false, true],
      ['0.15', false, true],
      ['0.15', true, false],
    ] as const) {
      const input = inputOf(t, registry, { features: platformFeatures(api), skipLayers });
      await analyze(input, { images: locator }, ctx);
      assert.equal(existsSync(join(input.layers.real, 'sbom/launch/sbom.legacy.json')), isThere, api);
    }
  });
});

describe('analyze: an image in an archive', () => {
  it('is resolved to a manifest digest by which it can be found again, or stops here (GAP-2b)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    const file = `docker-archive:${join(temporaryDirectory(t), 'base.tar')}`;
    await using sink = await locator.openSink(parseLocation(`${file}:base/run:v1`), ctx);
    await fill(sink, [AMD64], ctx);
    await sink.commit(ctx);
    const input = inputOf(t, registry, { runImage: [named(`${file}:base/run:v1`)] });
    const { analyzed } = await analyze(input, { images: locator }, ctx);
    assert.ok(analyzed.runImage);
    const { digest } = AMD64.manifest.descriptor;
    assert.equal(displayLocation(analyzed.runImage.reference), `${file}@${digest}`);
    assert.equal((await locator.find(analyzed.runImage.reference, 'run image', ctx)).manifestDigest, digest);
    const other = inputOf(t, registry, { runImage: [named(`${file}:base/run:v2`)] });
    assert.equal((await failure(analyze(other, { images: locator }, ctx))).exit, 32);
  });
});

describe('analyze: outputs', () => {
  it('need not be there, nor the cache image; a tag or a cache image that cannot be written stops here (A-24, A-25, A-26)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/run:v1', [AMD64]);
    const cacheImage = parseLocation(`${registry.name}/my/cache`);
    await analyze(inputOf(t, registry, { cacheImage }), { images: locator }, ctx);
    const closed = await setUp(t, { readOnly: true });
    const [app, other] = [registry, closed.registry].map(({ name }) => parseLocation(`${name}/my/app`));
    assert.ok(app !== undefined && other !== undefined);
    for (const edits of [{ outputs: [app, other] }, { cacheImage: other }]) {
      const error = await failure(analyze(inputOf(t, registry, edits), { images: locator }, ctx));
      assert.equal(error.exit, 32);
      assert.ok(error.message.includes(`read/write access to ${closed.registry.name}/my/app`), error.message);
    }
  });

  it('that cannot be written to stop here, before any work (A-24, A-26)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/run:v1', [AMD64]);
    const closed = await setUp(t, { readOnly: true });
    const input = inputOf(t, registry, { outputs: [parseLocation(`${closed.registry.name}/my/app`)] });
    const error = await failure(analyze(input, { images: locator }, ctx));
    assert.equal(error.exit, 32);
    assert.match(
      error.message,
      new RegExp(
        `^failed to initialize analyzer: validating registry write access: failed to ensure registry read/write access to ${closed.registry.name}/my/app`,
      ),
    );
  });
});

describe('analyze: the previous image', () => {
  it('gives its metadata and is pinned (A-04)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/run:v1', [AMD64]);
    const metadata = { ...EMPTY_LIFECYCLE_METADATA, app: [AMD64.layers[0]!.diffId], config: 'sha256:x' };
    const previous = appImage(lifecycleMetadataLabel(metadata));
    await push({ t, registry }, 'my/app:latest', [previous]);
    const output = await analyze(inputOf(t, registry, {}), { images: locator }, ctx);
    assert.deepEqual(output.analyzed.metadata, metadata);
    assert.equal(output.previousImage?.manifestDigest, previous.manifest.descriptor.digest);
    assert.deepEqual(
      output.analyzed.previousImage,
      parseLocation(`${registry.name}/my/app@${previous.manifest.descriptor.digest}`),
    );
    assert.ok(
      lines(ctx, 'debug').includes(`Found image with identifier "${displayLocation(output.previousImage.pinned)}"`),
    );
  });

  it('without the label keeps its reference; with a label that cannot be read it is absent (A-07, A-08)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/run:v1', [AMD64]);
    await push({ t, registry }, 'my/app:latest', [imageOf('linux/amd64')]);
    assert.ok((await analyze(inputOf(t, registry, {}), { images: locator }, ctx)).analyzed.previousImage);
    await push({ t, registry }, 'my/app:latest', [appImage('{"app":7}')]);
    const output = await analyze(inputOf(t, registry, {}), { images: locator }, ctx);
    assert.equal(output.analyzed.previousImage, undefined);
  });

  it('that is named is used, whether the destination is there or not (A-05, A-06)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/run:v1', [AMD64]);
    const labelled = (config: string): AssembledImage =>
      appImage(lifecycleMetadataLabel({ ...EMPTY_LIFECYCLE_METADATA, config }));
    await push({ t, registry }, 'old/app:latest', [labelled('sha256:old')]);
    const input = inputOf(t, registry, { previousImage: parseLocation(`${registry.name}/old/app`) });
    for (const isThere of [false, true]) {
      if (isThere) await push({ t, registry }, 'my/app:latest', [labelled('sha256:own')]);
      const { analyzed } = await analyze(input, { images: locator }, ctx);
      assert.equal(analyzed.metadata.config, 'sha256:old');
    }
  });

  it('without its config is corrupt: said, and as if there were none (A-09)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/run:v1', [AMD64]);
    const { previousImage } = await putWithout(t, ({ config }) => config.descriptor.digest, ctx);
    const input = inputOf(t, registry, { previousImage });
    const { analyzed } = await analyze(input, { images: locator }, ctx);
    assert.deepEqual([analyzed.previousImage, analyzed.metadata], [undefined, EMPTY_LIFECYCLE_METADATA]);
    assert.ok(lines(ctx, 'info').includes('Ignoring image "my/app" because it was corrupt'));
  });

  it('of another platform, or corrupt, is an info line', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/run:v1', [AMD64]);
    await push({ t, registry }, 'my/app:latest', [ARM64]);
    await analyze(inputOf(t, registry, {}), { images: locator }, ctx);
    assert.ok(lines(ctx, 'info').includes('Ignoring image "my/app" because it is not for linux/amd64'));
  });

  it('that lost a layer is corrupt, unless the launch cache has it (A-09, A-30)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/run:v1', [AMD64]);
    const { previous, previousImage } = await putWithout(t, ({ layers }) => layers[0]!.descriptor.digest, ctx);
    const input = inputOf(t, registry, { previousImage });
    const without = await analyze(input, { images: locator }, ctx);
    assert.equal(without.previousImage, undefined);
    assert.ok(lines(ctx, 'info').includes('Ignoring image "my/app" because it was corrupt'));
    const launchCache = await openFolderLayerStore(temporaryDirectory(t), ctx);
    await launchCache.add(previous.layers[0]!, ctx);
    const withCache = await analyze(input, { images: locator, launchCache }, ctx);
    assert.equal(withCache.previousImage?.manifestDigest, previous.manifest.descriptor.digest);
  });

  it('that is forbidden stops here, as a forbidden run image does (A-23)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/run:v1', [AMD64]);
    const closed = await setUp(t, { intercept: () => ({ kind: 'answer', status: 403 }) });
    const name = `${closed.registry.name}/base/run:v1`;
    for (const edits of [{ previousImage: parseLocation(name) }, { runImage: [named(name)] }]) {
      const error = await failure(analyze(inputOf(t, registry, edits), { images: locator }, ctx));
      assert.equal(error.exit, 32);
      assert.ok(error.message.includes(name), error.message);
    }
  });

  it('behind a registry that refuses stops here (A-23)', async (t) => {
    const { registry, locator, ctx } = await setUp(t);
    await push({ t, registry }, 'base/run:v1', [AMD64]);
    const closed = await setUp(t, { auth: { kind: 'basic', users: { someone: 'else' } } });
    const input = inputOf(t, registry, { previousImage: parseLocation(`${closed.registry.name}/my/app`) });
    const error = await failure(analyze(input, { images: locator }, ctx));
    assert.equal(error.code, 'REGISTRY_UNAUTHORIZED');
    assert.equal(error.exit, 32);
  });
});

interface SetUp {
  readonly registry: TestRegistry;
  readonly locator: Locator;
  readonly ctx: TestContextOf;
}

async function setUp(t: TestContext, options: Parameters<typeof startRegistry>[1] = {}): Promise<SetUp> {
  const registry = await startRegistry(t, options);
  const locator = createLocator({
    registry: {
      insecure: [],
      credentials: { find: () => Promise.resolve({ trace: ['test keychain'] }) },
      userAgent: 'slipway-test',
      retry: { attempts: 1, baseDelayMs: 1 },
    },
    hostArchitecture: 'amd64',
  });
  t.after(() => locator[Symbol.asyncDispose]());
  return { registry, locator, ctx: testContext(t) };
}

async function push(
  { t, registry }: { readonly t: TestContext; readonly registry: TestRegistry },
  name: string,
  images: readonly AssembledImage[],
  top: readonly RawManifest[] = [],
): Promise<void> {
  const [repository = '', tag = ''] = name.split(':');
  await using sink = testClient(t).repository(registry.name, repository).openSink(tag);
  await fill(sink, images, registry.ctx, top);
  await sink.commit(registry.ctx);
}

function inputOf(t: TestContext, registry: TestRegistry, edits: Partial<AnalyzeInput>): AnalyzeInput {
  const app = parseLocation(`${registry.name}/my/app`);
  return {
    runImage: [named(`${registry.name}/base/run:v1`)],
    previousImage: app,
    previousName: 'my/app',
    outputs: [app],
    target: undefined,
    skipLayers: false,
    layers: goldenPlaces(t).layers,
    features: platformFeatures('0.15'),
    ...edits,
  };
}

function named(name: string): { readonly location: ReturnType<typeof parseLocation>; readonly name: string } {
  return { location: parseLocation(name), name };
}

/** A previous image in a layout that lost one of its blobs. */
async function putWithout(
  t: TestContext,
  lost: (image: AssembledImage) => Digest,
  ctx: TestContextOf,
): Promise<{ readonly previous: AssembledImage; readonly previousImage: Location }> {
  const directory = temporaryDirectory(t);
  const previous = appImage(lifecycleMetadataLabel(EMPTY_LIFECYCLE_METADATA));
  await using sink = await openLayoutSink(directory, 'app', ctx);
  await fill(sink, [previous], ctx);
  await sink.commit(ctx);
  rmSync(join(directory, 'blobs/sha256', hexOf(lost(previous))));
  return { previous, previousImage: parseLocation(`oci:${directory}:app`) };
}

function appImage(label: string): AssembledImage {
  const config = { config: { Labels: { 'io.buildpacks.lifecycle.metadata': label } } };
  return imageOf('linux/amd64', { config, layers: ['an app'] });
}

/** An app image of one layer. */
function imageWith(layer: Layer, label: string): AssembledImage {
  const { platform } = AMD64;
  const rootfs = { type: 'layers', diff_ids: [layer.diffId] };
  const labels = { 'io.buildpacks.lifecycle.metadata': label };
  const json = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs, config: { Labels: labels } });
  const config = blobOf(Buffer.from(json), OCI_CONFIG);
  const content = { config: config.descriptor, layers: [layer.descriptor], annotations: {} };
  return { layers: [layer], config, manifest: encodeManifest({ mediaType: OCI_MANIFEST, ...content }), platform };
}

function lines(ctx: TestContextOf, level: string): readonly string[] {
  return ctx.events.flatMap((event) => (event.type === 'log' && event.level === level ? [event.message] : []));
}

async function failure(promise: Promise<unknown>): Promise<SlipwayError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SlipwayError, String(error));
  return error;
}
