import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openFolderCache } from '../../src/cache/folder-cache.ts';
import { decodeCacheMetadata } from '../../src/cnb/labels.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { exportImage, type ExportInput, type ExportOutput } from '../../src/phases/export.ts';
import { BlobDirectory } from '../../src/store/blob-directory.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import type { BlobStaging, ImageSink } from '../../src/ports/store.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { exportInput } from '../support/export-world.ts';
import { goldenPlaces } from '../support/golden-layers.ts';

describe('exportImage: image and cache in parallel (GAP-32)', () => {
  for (const isParallel of [false, true]) {
    it(`${isParallel ? 'in parallel' : 'one after the other'} a layer of both is packed once, and is the same blob`, async (t) => {
      const world = setUp(t);
      const output = await world.export({ isParallel });
      const both = output.layers.find(({ id }) => id === 'a/b:both');
      const cache = await openFolderCache(world.cacheDirectory, world.ctx);
      const layers = decodeCacheMetadata(cache.metadata)?.buildpacks[0]?.layers ?? {};
      assert.deepEqual(Object.keys(layers), ['both', 'own']);
      assert.ok(both);
      assert.equal(layers['both']?.sha, both.diffId);
      assert.equal((await cache.find(both.diffId, world.ctx))?.descriptor.digest, both.digest);
      // both, app, launcher, config; the cache's own layer goes straight into the cache.
      assert.equal(world.packed(), 4);
    });
  }

  it('gives the same image and the same cache as one after the other', async (t) => {
    const [serial, parallel] = [setUp(t), setUp(t)];
    const digests = [await serial.export({ isParallel: false }), await parallel.export({ isParallel: true })];
    assert.equal(digests[0]?.digest, digests[1]?.digest);
    const caches = [serial, parallel].map(({ cacheDirectory, ctx }) => openFolderCache(cacheDirectory, ctx));
    const [a, b] = await Promise.all(caches);
    assert.deepEqual(a?.metadata, b?.metadata);
  });

  it('leaves the cache as it was when the image cannot be made, and throws the image’s error', async (t) => {
    const world = setUp(t, { isFull: true });
    await assert.rejects(world.export({ isParallel: true }), { message: 'no room for layers' });
    assert.equal((await openFolderCache(world.cacheDirectory, world.ctx)).metadata, undefined);
    assert.deepEqual(world.lines('warn'), ['Failed to export cache: no room for layers']);
  });

  it('fills the cache although an output fails', async (t) => {
    const world = setUp(t);
    const output = await world.export({ isParallel: true }, { isFailing: true });
    assert.equal(output.outputs[0]?.error, 'no room');
    assert.notEqual((await openFolderCache(world.cacheDirectory, world.ctx)).metadata, undefined);
  });
});

interface World {
  readonly ctx: TestContextOf;
  readonly cacheDirectory: string;
  readonly export: (edits: Partial<ExportInput>, sink?: { readonly isFailing?: boolean }) => Promise<ExportOutput>;
  /** Layers that were packed for the image. */
  readonly packed: () => number;
  readonly lines: (level: string) => readonly string[];
}

/** A buildpack with a layer for the image and the cache, and one for the cache only. */
function setUp(t: TestContext, options: { readonly isFull?: boolean } = {}): World {
  const ctx = testContext(t);
  const places = goldenPlaces(t);
  const cacheDirectory = join(temporaryDirectory(t), 'cache');
  for (const [name, types] of [
    ['both', 'launch = true\ncache = true\n'],
    ['own', 'cache = true\n'],
  ] as const) {
    mkdirSync(join(places.layers.real, 'a_b', name), { recursive: true });
    writeFileSync(join(places.layers.real, 'a_b', name, 'file'), name);
    writeFileSync(join(places.layers.real, 'a_b', `${name}.toml`), `[types]\n${types}`);
  }
  mkdirSync(join(places.layers.real, 'config'));
  const blobs = new BlobDirectory(temporaryDirectory(t));
  let packed = 0;
  const staging: BlobStaging = {
    begin: () => {
      if (options.isFull === true) throw new Error('no room for layers');
      packed += 1;
      return blobs.begin();
    },
  };
  return {
    ctx,
    cacheDirectory,
    packed: () => packed,
    lines: (level) =>
      ctx.events.flatMap((event) => (event.type === 'log' && event.level === level ? [event.message] : [])),
    export: async (edits, { isFailing } = {}) => {
      await using cache = await openFolderCache(cacheDirectory, ctx);
      const sink = new MemoryStore().openSink('app', 'latest');
      const location = parseLocation('registry.example/app');
      const target = isFailing === true ? failing(sink) : sink;
      const ports = { sinks: [{ location, sink: target, names: [] }], cache, launchCache: undefined, staging };
      return await exportImage({ ...exportInput(places), ...edits }, ports, ctx);
    },
  };
}

/** A sink that takes everything and cannot be committed. */
function failing(sink: ImageSink): ImageSink {
  return { ...sink, commit: () => Promise.reject(new Error('no room')) };
}
