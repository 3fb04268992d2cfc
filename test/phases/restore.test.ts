import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openFolderCache } from '../../src/cache/folder-cache.ts';
import { platformFeatures } from '../../src/cnb/features.ts';
import { cacheMetadataJson } from '../../src/cnb/labels.ts';
import { EMPTY_LIFECYCLE_METADATA, type LayerRecord, type LifecycleMetadata } from '../../src/cnb/layer-metadata.ts';
import type { GroupElement } from '../../src/cnb/module.ts';
import { DEFAULT_COMPRESSION } from '../../src/layer/compression.ts';
import { packLayer } from '../../src/layer/pack.ts';
import type { Place } from '../../src/layer/place.ts';
import { hexOf, parseDiffId } from '../../src/oci/digest.ts';
import type { Layer } from '../../src/ports/blob.ts';
import type { BuildCache } from '../../src/ports/layer-cache.ts';
import { restore, type RestoreInput } from '../../src/phases/restore.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { goldenPlaces } from '../support/golden-layers.ts';

const GROUP: readonly GroupElement[] = [{ kind: 'buildpack', id: 'a/b', version: '1', api: '0.10' }];
const ALL = { launch: true, build: true, cache: true };
const CACHE_ONLY = { launch: false, build: false, cache: true };
const LAUNCH_ONLY = { launch: true, build: false, cache: false };

describe('restore', () => {
  it('follows the table of flags for metadata of the app image and of the cache (R-06, R-07, R-08, R-09, R-10, R-19)', async (t) => {
    const { ctx, layers, cache } = await setUp(t, { both: ALL, own: CACHE_ONLY, uncached: { ...ALL, cache: false } });
    const app = metadataOf({
      both: record(shaOf(cache, 'both'), ALL),
      launch: record('sha256:1', LAUNCH_ONLY),
      'build-launch': record('sha256:2', { launch: true, build: true, cache: false }),
      'not-launch': record('sha256:3', CACHE_ONLY),
      lost: record('sha256:4', ALL),
      uncached: record('sha256:5', ALL),
    });
    await restore(inputOf(layers, app), { cache }, ctx);
    assert.deepEqual(
      readdirSync(join(layers.real, 'a_b')).sort(),
      ['both', 'both.toml', 'launch.toml', 'own', 'own.toml'].sort(),
    );
    assert.equal(readFileSync(join(layers.real, 'a_b/own/file'), 'utf8'), 'own');
    assert.deepEqual(lines(ctx, 'info'), [
      'Restoring metadata for "a/b:both" from app image',
      'Restoring metadata for "a/b:launch" from app image',
      'Restoring metadata for "a/b:own" from cache',
      'Restoring data for "a/b:both" from cache',
      'Restoring data for "a/b:own" from cache',
    ]);
    for (const line of [
      'Not restoring metadata for "a/b:build-launch", marked as build=true, cache=false',
      'Not restoring metadata for "a/b:lost", marked as cache=true, but not found in cache',
      'Not restoring metadata for "a/b:not-launch", marked as launch=false',
      'Not restoring metadata for "a/b:uncached", marked as cache=true, but not found in cache',
      'Not restoring "a/b:both" from cache, marked as launch=true',
      'Not restoring "a/b:uncached" from cache, marked as cache=false',
    ])
      assert.ok(lines(ctx, 'debug').includes(line), line);
  });

  it('restores a cached launch layer that the app image does not have', async (t) => {
    const { ctx, layers, cache } = await setUp(t, { both: ALL });
    await restore(inputOf(layers, EMPTY_LIFECYCLE_METADATA), { cache }, ctx);
    assert.deepEqual(readdirSync(join(layers.real, 'a_b')).sort(), ['both', 'both.toml']);
  });

  it('writes only [metadata], with numbers as the label has them (R-04)', async (t) => {
    const { ctx, layers } = await setUp(t, {});
    const app = metadataOf({
      launch: { ...record('sha256:1', LAUNCH_ONLY), data: { n: 7, text: 'x' } },
      bare: record('sha256:2', LAUNCH_ONLY),
    });
    await restore(inputOf(layers, app), { cache: undefined }, ctx);
    assert.equal(readFileSync(join(layers.real, 'a_b/launch.toml'), 'utf8'), '[metadata]\n  n = 7.0\n  text = "x"\n');
    assert.equal(readFileSync(join(layers.real, 'a_b/bare.toml'), 'utf8'), '');
  });

  it('restores store.toml also when layers are not (R-05, R-25)', async (t) => {
    const { ctx, layers, cache } = await setUp(t, { own: CACHE_ONLY });
    const app = metadataOf({ launch: record('sha256:1', LAUNCH_ONLY) });
    const withStore = { ...app, buildpacks: app.buildpacks.map((each) => ({ ...each, store: { k: 'v' } })) };
    await restore({ ...inputOf(layers, withStore), skipLayers: true }, { cache }, ctx);
    assert.deepEqual(readdirSync(join(layers.real, 'a_b')), ['store.toml']);
    assert.deepEqual(lines(ctx, 'info'), ['Skipping buildpack layer analysis']);
  });

  it('removes a layer that the cache knows by another diffID (R-13)', async (t) => {
    const { ctx, layers, cache } = await setUp(t, { both: ALL, stale: CACHE_ONLY });
    const app = metadataOf({ both: record(`sha256:${'1'.repeat(64)}`, ALL) });
    mkdirSync(join(layers.real, 'a_b/both'), { recursive: true });
    writeFileSync(join(layers.real, 'a_b/both.sha'), 'x');
    await restore(inputOf(layers, app), { cache }, ctx);
    assert.ok(lines(ctx, 'info').includes('Removing "a/b:both", wrong sha'));
    assert.deepEqual(readdirSync(join(layers.real, 'a_b')).sort(), ['stale', 'stale.toml']);
  });

  for (const [what, spoil] of [
    ['missing', (path: string): void => rmSync(path)],
    ['cut off', (path: string): void => writeFileSync(path, readFileSync(path).subarray(0, 20))],
    ['flipped', (path: string): void => writeFileSync(path, flipped(readFileSync(path)))],
  ] as const) {
    it(`leaves neither contents nor metadata of a layer whose blob is ${what}, and restores the others (R-14, R-15, R-38, GAP-23)`, async (t) => {
      const { ctx, layers, cache, directory } = await setUp(t, { bad: CACHE_ONLY, good: CACHE_ONLY });
      const layer = await cache.find(shaOf(cache, 'bad'), ctx);
      assert.ok(layer);
      spoil(join(directory, 'blobs/sha256', hexOf(layer.descriptor.digest)));
      await restore(inputOf(layers, EMPTY_LIFECYCLE_METADATA), { cache }, ctx);
      assert.deepEqual(readdirSync(join(layers.real, 'a_b')).sort(), ['good', 'good.toml']);
      assert.equal(lines(ctx, 'warn').length, 1);
      assert.match(lines(ctx, 'warn')[0] ?? '', /^Skipping restore for layer a\/b:bad: /);
      assert.equal(await cache.find(shaOf(cache, 'bad'), ctx), undefined);
    });
  }

  it('replaces what is there, links too, and twice in a row is the same (GAP-29)', async (t) => {
    const { ctx, layers, cache } = await setUp(t, { own: CACHE_ONLY });
    await restore(inputOf(layers, EMPTY_LIFECYCLE_METADATA), { cache }, ctx);
    rmSync(join(layers.real, 'a_b/own/file'));
    symlinkSync('/etc/passwd', join(layers.real, 'a_b/own/file'));
    await restore(inputOf(layers, EMPTY_LIFECYCLE_METADATA), { cache }, ctx);
    assert.equal(readFileSync(join(layers.real, 'a_b/own/file'), 'utf8'), 'own');
    assert.equal(readFileSync(join(layers.real, 'a_b/own/link'), 'utf8'), 'own');
  });

  it('writes nowhere but into the layer it restores (GAP-29)', async (t) => {
    const { ctx, layers, cache } = await setUp(t, { own: CACHE_ONLY, other: CACHE_ONLY });
    const wrong = record(shaOf(cache, 'other'), CACHE_ONLY);
    const text = cacheMetadataJson({
      sbom: '',
      buildpacks: [{ key: 'a/b', version: '1', layers: { own: wrong, '../../x': wrong } }],
    });
    await using next = cacheWith(cache, text);
    await restore(inputOf(layers, EMPTY_LIFECYCLE_METADATA), { cache: next }, ctx);
    assert.deepEqual(readdirSync(join(layers.real, 'a_b')), []);
    assert.match(lines(ctx, 'warn')[0] ?? '', /Skipping restore for layer a\/b:own: .*lies outside/);
    assert.ok(!existsSync(join(layers.real, '..', 'x.toml')));
  });

  it('takes cache metadata that is not any for none', async (t) => {
    const { ctx, layers, cache } = await setUp(t, {});
    await using next = cacheWith(cache, '{"buildpacks":7}');
    await restore(inputOf(layers, EMPTY_LIFECYCLE_METADATA), { cache: next }, ctx);
    assert.deepEqual(lines(ctx, 'info'), []);
    assert.ok(!lines(ctx, 'debug').some((line) => line.startsWith('Usable cache not provided')));
    await restore(inputOf(layers, EMPTY_LIFECYCLE_METADATA), { cache: undefined }, ctx);
    assert.ok(lines(ctx, 'debug').includes('Usable cache not provided, using empty cache metadata'));
  });
});

interface SetUp {
  readonly ctx: TestContextOf;
  readonly layers: Place;
  readonly cache: BuildCache;
  readonly directory: string;
}

/** A cache with one layer for each name (a file with the name, and a link to it), and an empty layers directory. */
async function setUp(
  t: TestContext,
  types: Readonly<Record<string, Omit<LayerRecord, 'sha' | 'data'>>>,
): Promise<SetUp> {
  const ctx = testContext(t);
  const directory = temporaryDirectory(t);
  const { layers: source } = goldenPlaces(t);
  const records: Record<string, LayerRecord> = {};
  const writer = await openFolderCache(directory, ctx);
  assert.ok(writer.staging);
  for (const [name, flags] of Object.entries(types)) {
    mkdirSync(join(source.real, 'a_b', name), { recursive: true });
    writeFileSync(join(source.real, 'a_b', name, 'file'), name);
    symlinkSync('file', join(source.real, 'a_b', name, 'link'));
    const layerSource = { kind: 'dir', place: source, path: `/layers/a_b/${name}` } as const;
    const packed = await packLayer(layerSource, writer.staging, ctx, {
      compression: DEFAULT_COMPRESSION,
      family: 'oci',
    });
    await writer.add(packed.layer, ctx);
    records[name] = record(packed.layer.diffId, flags);
  }
  await writer.commit(
    cacheMetadataJson({ sbom: '', buildpacks: [{ key: 'a/b', version: '1', layers: records }] }),
    ctx,
  );
  return { ctx, layers: goldenPlaces(t).layers, cache: await openFolderCache(directory, ctx), directory };
}

/** The same blobs under other metadata. */
function cacheWith(cache: BuildCache, metadata: string): BuildCache {
  return {
    description: cache.description,
    metadata: JSON.parse(metadata) as unknown,
    find: (diffId, ctx) => cache.find(diffId, ctx),
    add: (layer, ctx) => cache.add(layer, ctx),
    commit: (json, ctx) => cache.commit(json, ctx),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function shaOf(cache: BuildCache, name: string): Layer['diffId'] {
  const found = new RegExp(`"${name}":{"sha":"(sha256:[0-9a-f]{64})"`).exec(JSON.stringify(cache.metadata))?.[1];
  return parseDiffId(found ?? '');
}

function inputOf(layers: Place, metadata: LifecycleMetadata): RestoreInput {
  return { layers, group: GROUP, metadata, features: platformFeatures('0.15'), skipLayers: false };
}

function record(sha256: string, types: Omit<LayerRecord, 'sha' | 'data'>): LayerRecord {
  return { sha: sha256, data: null, ...types };
}

function metadataOf(layers: Readonly<Record<string, LayerRecord>>): LifecycleMetadata {
  return { ...EMPTY_LIFECYCLE_METADATA, buildpacks: [{ key: 'a/b', version: '0', layers }] };
}

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 12] = (copy[copy.length - 12] ?? 0) ^ 0xff;
  return copy;
}

function lines(ctx: TestContextOf, level: string): readonly string[] {
  return ctx.events.flatMap((event) => (event.type === 'log' && event.level === level ? [event.message] : []));
}
