import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openFolderCache } from '../../src/cache/folder-cache.ts';
import { decodeCacheMetadata } from '../../src/cnb/labels.ts';
import { collect } from '../../src/core/bytes.ts';
import { parseDiffId } from '../../src/oci/digest.ts';
import { exportReport } from '../../src/platform/finish-export.ts';
import { BlobDirectory } from '../../src/store/blob-directory.ts';
import type { BlobStaging } from '../../src/ports/store.ts';
import { temporaryDirectory } from '../support/context.ts';
import { exportWorld } from '../support/export-world.ts';
import { startRegistry } from '../support/registry.ts';

describe('exportImage: outputs of different compressions', () => {
  it('have one config and one set of layers, and a manifest for each compression', async (t) => {
    const world = await exportWorld(t);
    world.layer('one', { launch: true }, { text: 'one '.repeat(1000) });
    const registry = await startRegistry(t);
    const directory = temporaryDirectory(t);
    const places = [`oci:${directory}/gzip:v1`, `${registry.name}/my/app:v1`, `oci:${directory}/none:v1`] as const;
    const [gzip, pushed, none] = places;
    const output = await world.export([gzip, `${pushed};compression=gzip:9`, `${none};compression=none`]);
    const images = await Promise.all(places.map((place) => world.find(place)));
    assert.deepEqual(
      images.map(({ manifestDigest }) => manifestDigest),
      output.outputs.map(({ digest }) => digest),
    );
    assert.equal(new Set(images.map(({ manifestDigest }) => manifestDigest)).size, 3);
    assert.equal(new Set(images.map(({ manifest }) => manifest.config.digest)).size, 1);
    assert.equal(output.digest, output.outputs[0]?.digest);
    const types = images.map(({ layers }) => layers.at(-1)?.descriptor.mediaType.split('.').at(-1));
    assert.deepEqual(types, ['tar+gzip', 'tar+gzip', 'tar']);
    const report = exportReport(output, undefined);
    assert.deepEqual(
      [report.digest, ...(report.outputs ?? []).map(({ digest }) => digest)],
      [output.digest, ...output.outputs.map(({ digest }) => digest)],
    );
    // Every blob of a directory is reached: none is left of another output's compression.
    for (const [index, name] of [
      [0, 'gzip'],
      [2, 'none'],
    ] as const) {
      const image = images[index] ?? assert.fail();
      const reached = [
        image.manifestDigest,
        image.manifest.config.digest,
        ...image.layers.map(({ descriptor }) => descriptor.digest),
      ];
      const found = readdirSync(join(directory, name, 'blobs/sha256')).map((hex) => `sha256:${hex}`);
      assert.deepEqual(found.sort(), [...new Set<string>(reached)].sort());
    }
  });

  it('share what they ask for: a layer is packed once for each compression', async (t) => {
    const world = await exportWorld(t);
    const directory = temporaryDirectory(t);
    let packed = 0;
    const blobs = new BlobDirectory(temporaryDirectory(t));
    const staging: BlobStaging = {
      begin: () => {
        packed += 1;
        return blobs.begin();
      },
    };
    const places = ['a', 'b', 'c'].map((name) => `oci-archive:${directory}/${name}.tar:v1`);
    const [a = '', b = '', c = ''] = places;
    const output = await world.export([a, `${b};compression=gzip:1`, `${c};compression=gzip:6`], { staging });
    // The app, the launcher and the config layer, once; the third output's go into its own spool.
    assert.equal(packed, 3);
    const digests = output.outputs.map(({ digest }) => digest);
    assert.equal(digests[0], digests[1]);
    assert.notEqual(digests[0], digests[2]);
    assert.ok(readFileSync(join(directory, 'a.tar')).equals(readFileSync(join(directory, 'b.tar'))));
  });

  it('a layer of an earlier build keeps its blob in all of them', async (t) => {
    const world = await exportWorld(t);
    const directory = temporaryDirectory(t);
    await world.export([`oci:${directory}/first:v1`]);
    const previous = await world.previous(`oci:${directory}/first:v1`);
    const locations = [`oci:${directory}/second:v1`, `oci:${directory}/third:v1;compression=gzip:9`];
    const output = await world.export(locations, {}, { previous });
    assert.deepEqual(new Set(output.layers.map(({ status }) => status)), new Set(['referenced', 'reused']));
    assert.deepEqual(new Set(output.outputs.map(({ digest }) => digest)), new Set([previous.image.manifestDigest]));
  });

  it('a layer of an earlier build in another codec is packed anew where zstd or none is asked for', async (t) => {
    const world = await exportWorld(t);
    const directory = temporaryDirectory(t);
    await world.export([`oci:${directory}/first:v1`]);
    const previous = await world.previous(`oci:${directory}/first:v1`);
    const plain = `oci:${directory}/second:v1;compression=none`;
    const output = await world.export([plain], {}, { previous });
    const image = await world.find(`oci:${directory}/second:v1`);
    const made = image.layers.slice(-output.layers.filter(({ status }) => status !== 'referenced').length);
    assert.deepEqual(new Set(made.map(({ descriptor }) => descriptor.mediaType.endsWith('.tar'))), new Set([true]));
    assert.deepEqual(
      image.layers.map(({ diffId }) => diffId),
      previous.image.layers.map(({ diffId }) => diffId),
    );
    // And what is plain already is taken as it is.
    const again = await world.export(
      [plain.replace('second', 'third')],
      {},
      { previous: await world.previous(`oci:${directory}/second:v1`) },
    );
    assert.equal(again.digest, output.digest);
    assert.deepEqual(new Set(again.layers.map(({ status }) => status)), new Set(['referenced', 'reused']));
  });

  it('one that fails leaves nothing of its compression in the others', async (t) => {
    const world = await exportWorld(t);
    const directory = temporaryDirectory(t);
    const registry = await startRegistry(t, { readOnly: true });
    const kept = `oci:${directory}/kept:v1`;
    const output = await world.export([`${registry.name}/app:v1;compression=gzip:6`, kept]);
    assert.notEqual(output.outputs[0]?.error, undefined);
    assert.equal(output.outputs[1]?.error, undefined);
    const image = await world.find(kept);
    assert.notEqual(image.manifestDigest, output.digest);
    assert.equal(readdirSync(join(directory, 'kept/blobs/sha256')).length, image.layers.length + 2);
  });

  it('a layer that only the cache keeps is compressed fast, and no layer of the image twice', async (t) => {
    const world = await exportWorld(t);
    world.layer('own', { cache: true }, { text: 'text '.repeat(5000) });
    world.layer('both', { cache: true, launch: true }, { text: 'more '.repeat(5000) });
    const directory = temporaryDirectory(t);
    const cache = await openFolderCache(join(directory, 'cache'), world.ctx);
    const place = `oci:${directory}/app:v1`;
    const output = await world.export([`${place};compression=gzip:9`], { cache });
    const both = output.layers.find(({ id }) => id === 'a/b:both') ?? assert.fail();
    const next = await openFolderCache(join(directory, 'cache'), world.ctx);
    assert.equal((await next.find(both.diffId, world.ctx))?.descriptor.digest, both.digest);
    const sha = decodeCacheMetadata(next.metadata)?.buildpacks[0]?.layers['own']?.sha ?? '';
    const own = (await next.find(parseDiffId(sha), world.ctx)) ?? assert.fail();
    const bytes = await collect(own.open(), own.descriptor.size, 'the layer');
    // RFC 1952, XFL: made by the fastest algorithm.
    assert.equal(bytes[8], 4);
  });
});
