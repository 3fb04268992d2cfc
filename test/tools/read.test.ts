import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { collect } from '../../src/core/bytes.ts';
import { digestOf, hexOf } from '../../src/oci/digest.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { imageBlob, saveBlob } from '../../src/tools/blob.ts';
import { imageConfig } from '../../src/tools/config.ts';
import { listImages } from '../../src/tools/list.ts';
import { imageManifest } from '../../src/tools/manifest.ts';
import { validateImages } from '../../src/tools/validate.ts';
import {
  AMD64,
  ARM64,
  artifactOf,
  attach,
  INDEX,
  save,
  saveIndex,
  toolScene,
  type ToolScene,
} from '../support/tool-scene.ts';

/** The index of both images in a registry, a layout and an archive. */
async function everywhere(scene: ToolScene): Promise<readonly string[]> {
  const { host, directory } = scene;
  const places = [`${host}/team/app`, `oci:${directory}/out`, `docker-archive:${directory}/app.tar`];
  for (const place of places) await saveIndex(scene, place);
  return places;
}

const PLATFORM = { platform: { os: 'linux', architecture: 'arm64' } };

describe('reading an image', () => {
  it('manifest and config are their bytes, of the index or of a platform, wherever they are', async (t) => {
    const scene = await toolScene(t);
    const { stores, ctx } = scene;
    for (const place of await everywhere(scene)) {
      const location = parseLocation(place);
      const { raw } = await imageManifest(location, stores, ctx);
      assert.deepEqual(
        [raw.descriptor.digest, Buffer.from(raw.bytes)],
        [INDEX.descriptor.digest, Buffer.from(INDEX.bytes)],
        place,
      );
      const arm64 = await imageManifest(location, stores, ctx, PLATFORM);
      assert.deepEqual(Buffer.from(arm64.raw.bytes), Buffer.from(ARM64.manifest.bytes));
      const config = await imageConfig(location, stores, ctx, PLATFORM);
      assert.equal(digestOf(config.bytes), ARM64.config.descriptor.digest);
      // Of an index this machine's, which is amd64 here.
      assert.equal(digestOf((await imageConfig(location, stores, ctx)).bytes), AMD64.config.descriptor.digest);
    }
  });

  it('the config of an artifact is its config, whatever its type', async (t) => {
    const scene = await toolScene(t);
    const { stores, ctx, host } = scene;
    await save(scene, `${host}/app`, { images: [AMD64] });
    const artifact = artifactOf(AMD64.manifest.descriptor, 'application/x-thing');
    await attach(scene, `${host}/app`, artifact);
    const location = parseLocation(`${host}/app@${artifact.manifest.descriptor.digest}`);
    assert.equal(Buffer.from((await imageConfig(location, stores, ctx)).bytes).toString(), '{}');
  });

  it('a blob is found by its digest alone and saved as a whole', async (t) => {
    const scene = await toolScene(t);
    const { stores, ctx, directory } = scene;
    const [layer] = AMD64.layers;
    assert.ok(layer !== undefined);
    const expected = await collect(layer.open(), 1e6, 'layer');
    for (const place of await everywhere(scene)) {
      const blob = await imageBlob(parseLocation(`${place}@${layer.descriptor.digest}`), stores, ctx);
      assert.equal(blob.descriptor.size, layer.descriptor.size);
      const file = join(directory, 'blobs', 'layer');
      await saveBlob(blob, file, ctx);
      assert.deepEqual(readFileSync(file), expected, place);
      assert.deepEqual(readdirSync(join(directory, 'blobs')), ['layer']);
      const absent = parseLocation(`${place}@${digestOf(Buffer.from('absent'))}`);
      await assert.rejects(imageBlob(absent, stores, ctx), { code: 'BLOB_NOT_FOUND' });
      await assert.rejects(imageBlob(parseLocation(place), stores, ctx), { code: 'ARGUMENT_INVALID' });
    }
  });

  it('a blob of other bytes leaves no file, and the file that was there stays', async (t) => {
    const scene = await toolScene(t);
    const { stores, ctx, directory } = scene;
    await save(scene, `oci:${directory}/out`, { images: [AMD64] });
    const { digest, size } = AMD64.config.descriptor;
    writeFileSync(join(directory, 'out', 'blobs', 'sha256', hexOf(digest)), 'x'.repeat(size));
    const blob = await imageBlob(parseLocation(`oci:${directory}/out@${digest}`), stores, ctx);
    const [fresh, old] = [join(directory, 'fresh'), join(directory, 'old')];
    writeFileSync(old, 'old');
    for (const file of [fresh, old]) await assert.rejects(saveBlob(blob, file, ctx), { code: 'CONTENT_MISMATCH' });
    assert.equal(existsSync(fresh), false);
    assert.equal(readFileSync(old, 'utf8'), 'old');
    assert.deepEqual(readdirSync(directory).sort(), ['old', 'out']);
  });

  it('tags are listed page by page with one request each page, digests with one more for each tag', async (t) => {
    const scene = await toolScene(t);
    const { stores, ctx, host, registry } = scene;
    for (const tag of ['1', '2', 'latest']) await save(scene, `${host}/app:${tag}`, { images: [AMD64] });
    registry.requests.length = 0;
    const location = parseLocation(`${host}/app`);
    assert.deepEqual(await listImages(location, stores, ctx), [{ name: '1' }, { name: '2' }, { name: 'latest' }]);
    assert.deepEqual(
      registry.requests.map(({ method }) => method),
      ['GET'],
    );
    const described = await listImages(location, stores, ctx, { withDigests: true });
    assert.deepEqual(
      described.map(({ descriptor }) => descriptor?.digest),
      Array.from({ length: 3 }, () => AMD64.manifest.descriptor.digest),
    );
    await assert.rejects(listImages(parseLocation(`${host}/none`), stores, ctx), { code: 'IMAGE_NOT_FOUND' });
  });

  it('the repositories of a registry are told as it pages them', async (t) => {
    const scene = await toolScene(t);
    for (const name of ['b/app', 'a/app']) await save(scene, `${scene.host}/${name}:1`, { images: [AMD64] });
    const found: string[] = [];
    for await (const name of scene.stores.catalog(scene.host, scene.ctx)) found.push(name);
    assert.deepEqual(found, ['a/app', 'b/app']);
  });

  it('validation looks at what is named, or at all', async (t) => {
    const scene = await toolScene(t);
    const { stores, ctx, directory } = scene;
    const layout = `oci:${directory}/out`;
    await save(scene, `${layout}:good`, { images: [ARM64] });
    await save(scene, `${layout}:bad`, { images: [AMD64] });
    writeFileSync(join(directory, 'out', 'blobs', 'sha256', hexOf(AMD64.config.descriptor.digest)), 'short');
    assert.deepEqual(await validateImages(parseLocation(`${layout}:good`), stores, ctx), []);
    const problems = await validateImages(parseLocation(`${layout}:bad`), stores, ctx);
    assert.equal(problems.length, 1);
    assert.deepEqual(await validateImages(parseLocation(layout), stores, ctx), [{ ...problems[0], subject: 'bad' }]);
    assert.equal((await validateImages(parseLocation(`${layout}:good`), stores, ctx, { allTags: true })).length, 1);
    await assert.rejects(validateImages(parseLocation(`${layout}:none`), stores, ctx), { code: 'IMAGE_NOT_FOUND' });
  });
});
