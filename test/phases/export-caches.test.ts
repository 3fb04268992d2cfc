import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openFolderCache } from '../../src/cache/folder-cache.ts';
import { decodeCacheMetadata } from '../../src/cnb/labels.ts';
import type { CacheMetadata } from '../../src/cnb/layer-metadata.ts';
import type { BuildCache } from '../../src/ports/layer-cache.ts';
import { temporaryDirectory } from '../support/context.ts';
import { exportWorld, type ExportWorld } from '../support/export-world.ts';

const CACHE = { cache: true };

describe('exportImage: what goes into the build cache', () => {
  it('layers with cache=true: unchanged ones are kept, changed ones replaced, others not written (E-43)', async (t) => {
    const world = await exportWorld(t);
    const folder = join(temporaryDirectory(t), 'cache');
    world.layer('same', CACHE);
    world.layer('other', CACHE);
    world.layer('launch-only', { launch: true });
    const first = await fill(world, folder, temporaryDirectory(t));
    assert.deepEqual(Object.keys(layersOf(first)), ['other', 'same']);
    const before = readdirSync(join(folder, 'blobs/sha256'));
    writeFileSync(join(world.input.layers.real, 'a_b/other/file'), 'changed');
    world.ctx.events.length = 0;
    const second = await fill(world, folder, temporaryDirectory(t));
    assert.equal(layersOf(second)['same']?.sha, layersOf(first)['same']?.sha);
    assert.notEqual(layersOf(second)['other']?.sha, layersOf(first)['other']?.sha);
    assert.equal(readdirSync(join(folder, 'blobs/sha256')).length, before.length + 1);
    const lines = world.lines('info').filter((line) => line.includes('cache layer'));
    assert.deepEqual(lines, [
      "Adding cache layer 'a/b:other'",
      "Reusing cache layer 'a/b:same'",
      "Adding cache layer 'a/b:same'",
    ]);
  });

  it('a stored layer that is damaged is written again, with a warning (E-44)', async (t) => {
    const world = await exportWorld(t);
    const folder = join(temporaryDirectory(t), 'cache');
    world.layer('rt', CACHE);
    const first = await fill(world, folder, temporaryDirectory(t));
    const [name = ''] = readdirSync(join(folder, 'blobs/sha256'));
    const blob = join(folder, 'blobs/sha256', name);
    const bytes = readFileSync(blob);
    writeFileSync(blob, Buffer.alloc(bytes.byteLength, 7));
    const second = await fill(world, folder, temporaryDirectory(t));
    assert.deepEqual(second, first);
    assert.deepEqual(readFileSync(blob), bytes);
    assert.match(world.lines('warn').join('\n'), /^Ignoring layer sha256:[0-9a-f]{64} of cache folder .*cache: /m);
  });

  it('a layer that cannot be stored is a warning, the others are there (E-45)', async (t) => {
    const world = await exportWorld(t);
    const folder = join(temporaryDirectory(t), 'cache');
    for (const name of ['bad', 'good']) world.layer(name, CACHE);
    world.write('a_b/empty.toml', '[types]\ncache = true\n');
    const cache = await openFolderCache(folder, world.ctx);
    const picky: BuildCache = {
      description: cache.description,
      metadata: cache.metadata,
      find: (diffId, ctx) => cache.find(diffId, ctx),
      // The first layer that comes is a/b:bad.
      add: failingOnce((layer, ctx) => cache.add(layer, ctx)),
      commit: (json, ctx) => cache.commit(json, ctx),
      [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose](),
    };
    const output = await world.export([`oci:${temporaryDirectory(t)}`], { cache: picky });
    assert.equal(output.outputs[0]?.error, undefined);
    assert.deepEqual(world.lines('warn'), [
      "Failed to cache layer 'a/b:bad': no room",
      "Failed to cache layer 'a/b:empty' because it has no contents",
    ]);
    assert.deepEqual(Object.keys(layersOf(await metadataOf(world, folder))), ['good']);
  });

  it('SBOM files of cached layers are a layer of their own, kept while they are the same (E-46)', async (t) => {
    const world = await exportWorld(t);
    const folder = join(temporaryDirectory(t), 'cache');
    world.write('sbom/cache/a_b/rt/sbom.cdx.json', '{}');
    const first = await fill(world, folder, temporaryDirectory(t));
    assert.match(first.sbom, /^sha256:[0-9a-f]{64}$/);
    assert.ok(world.lines('info').includes("Adding cache layer 'buildpacksio/lifecycle:cache.sbom'"));
    assert.equal((await fill(world, folder, temporaryDirectory(t))).sbom, first.sbom);
    assert.ok(world.lines('info').includes("Reusing cache layer 'buildpacksio/lifecycle:cache.sbom'"));
    rmSync(join(world.input.layers.real, 'sbom'), { recursive: true });
    assert.equal((await fill(world, folder, temporaryDirectory(t))).sbom, '');
  });

  it('nothing of a build that is not exported', async (t) => {
    const world = await exportWorld(t);
    const folder = join(temporaryDirectory(t), 'cache');
    world.layer('rt', CACHE);
    world.write('a_b/broken.toml', 'x =');
    const cache = await openFolderCache(folder, world.ctx);
    await assert.rejects(world.export([`oci:${temporaryDirectory(t)}`], { cache }));
    assert.ok(!existsSync(join(folder, 'roots/build.json')));
  });
});

/** Exports once with the folder as cache; what its next reader finds. */
async function fill(world: ExportWorld, folder: string, output: string): Promise<CacheMetadata> {
  const cache = await openFolderCache(folder, world.ctx);
  await world.export([`oci:${output}`], { cache });
  return metadataOf(world, folder);
}

async function metadataOf(world: ExportWorld, folder: string): Promise<CacheMetadata> {
  const { metadata } = await openFolderCache(folder, world.ctx);
  return decodeCacheMetadata(metadata) ?? assert.fail('the cache has no metadata');
}

function layersOf({ buildpacks }: CacheMetadata): CacheMetadata['buildpacks'][number]['layers'] {
  return buildpacks[0]?.layers ?? {};
}

function failingOnce(add: BuildCache['add']): BuildCache['add'] {
  let calls = 0;
  return (layer, ctx) => {
    calls += 1;
    return calls === 1 ? Promise.reject(new Error('no room')) : add(layer, ctx);
  };
}
