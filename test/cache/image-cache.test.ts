import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { openFolderCache } from '../../src/cache/folder-cache.ts';
import { openImageCache, type CacheImage, type ImageCacheOptions } from '../../src/cache/image-cache.ts';
import { CACHE_METADATA_LABEL } from '../../src/cnb/labels.ts';
import { collect } from '../../src/core/bytes.ts';
import { openTar } from '../../src/layer/open-tar.ts';
import { digestOf, hexOf } from '../../src/oci/digest.ts';
import { parseLocation } from '../../src/oci/location.ts';
import type { Image } from '../../src/ports/image.ts';
import type { BuildCache } from '../../src/ports/layer-cache.ts';
import { putImage } from '../../src/store/copy.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { locatorOf } from '../support/locator.ts';
import { rejectionOf } from '../support/failure.ts';
import { imageOf, layerOf } from '../support/images.ts';
import { startRegistry } from '../support/registry.ts';

const METADATA = { sbom: { sha: '' }, buildpacks: [] };
const JSON_TEXT = JSON.stringify(METADATA);
const AMD64: ImageCacheOptions = { platform: { os: 'linux', architecture: 'amd64' }, execEnv: 'production' };

describe('a cache image', () => {
  for (const kind of ['oci', 'oci-archive', 'docker-archive', 'registry'] as const) {
    it(`in a place of kind ${kind} shows the next build what was committed, each layer once (GAP-36)`, async (t) => {
      const ctx = testContext(t);
      const at = cacheAt(t, kind === 'registry' ? await registryText(t) : `${kind}:${temporaryPath(t)}:shop/cache`);
      const [first, second] = [layerOf('first'), layerOf('second', 'docker')];
      {
        const cache = await openImageCache(at, ctx, AMD64);
        assert.equal(cache.metadata, undefined);
        assert.equal(cache.isMissing, true);
        for (const layer of [first, second, first]) await cache.add(layer, ctx);
        assert.equal(await textOf(await cache.find(first.diffId, ctx), ctx), 'first');
        await cache.commit(JSON_TEXT, ctx);
      }
      const again = await openImageCache(fresh(t, at), ctx, AMD64);
      assert.deepEqual(again.metadata, METADATA);
      assert.equal(again.isMissing, false);
      assert.equal(await textOf(await again.find(second.diffId, ctx), ctx), 'second');
      assert.equal(await again.find(layerOf('other').diffId, ctx), undefined);
      const image = await read(fresh(t, at), ctx);
      assert.deepEqual(image.config.diffIds, [first.diffId, second.diffId]);
      assert.deepEqual(warnings(ctx), []);
    });
  }

  it('is an OCI image for the platform of the build, with the metadata as its only label (GAP-26)', async (t) => {
    const ctx = testContext(t);
    const at = cacheAt(t, `oci:${temporaryPath(t)}:c`);
    const cache = await openImageCache(at, ctx, {
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8', osVersion: '1' },
      execEnv: undefined,
    });
    await cache.add(layerOf('x', 'docker'), ctx);
    await cache.commit(JSON_TEXT, ctx);
    const image = await read(at, ctx);
    assert.deepEqual(image.platform, { os: 'linux', architecture: 'arm64', variant: 'v8' });
    assert.equal(image.manifest.mediaType, 'application/vnd.oci.image.manifest.v1+json');
    assert.deepEqual(
      image.layers.map(({ descriptor }) => descriptor.mediaType),
      ['application/vnd.oci.image.layer.v1.tar+gzip'],
    );
    assert.deepEqual(image.config.fields['config'], { Labels: { [CACHE_METADATA_LABEL]: JSON_TEXT } });
    assert.deepEqual(image.config.history, [{ created: '1980-01-01T00:00:01Z' }]);
  });

  it('without layers has one valid, empty one (GAP-26)', async (t) => {
    const ctx = testContext(t);
    const at = cacheAt(t, `oci:${temporaryPath(t)}:c`);
    await (await openImageCache(at, ctx, AMD64)).commit(JSON_TEXT, ctx);
    const image = await read(at, ctx);
    const bytes = await Promise.all(image.layers.map((layer) => collect(layer.open(), 1 << 20, 'layer')));
    assert.deepEqual(
      bytes.map((each) => gunzipSync(each)),
      [Buffer.alloc(1024)],
    );
    assert.deepEqual(image.config.diffIds, [digestOf(Buffer.alloc(1024))]);
    assert.deepEqual((await openImageCache(fresh(t, at), ctx, AMD64)).metadata, METADATA);
  });

  it('takes layers of the image before, without moving them', async (t) => {
    const ctx = testContext(t);
    const registry = await startRegistry(t);
    const at = cacheAt(t, `${registry.name}/shop/cache`);
    const layer = layerOf('kept');
    await committed(at, layer, ctx);
    const next = fresh(t, at);
    const cache = await openImageCache(next, ctx, AMD64);
    const found = await cache.find(layer.diffId, ctx);
    assert.ok(found);
    registry.requests.length = 0;
    await cache.add(found, ctx);
    await cache.commit(JSON.stringify({ ...METADATA, changed: true }), ctx);
    const moved = registry.requests.filter(({ path }) => path.includes(layer.descriptor.digest));
    assert.deepEqual(
      moved.map(({ method }) => method),
      moved.map(() => 'HEAD'),
    );
    assert.equal(
      await textOf(await (await openImageCache(fresh(t, at), ctx, AMD64)).find(layer.diffId, ctx), ctx),
      'kept',
    );
  });

  it('leaves the image that is there when a build does not commit', async (t) => {
    const ctx = testContext(t);
    const at = cacheAt(t, `oci:${temporaryPath(t)}:c`);
    await committed(at, layerOf('old'), ctx);
    const abandoned = await openImageCache(fresh(t, at), ctx, AMD64);
    await abandoned.add(layerOf('new'), ctx);
    await abandoned[Symbol.asyncDispose]();
    assert.deepEqual((await read(fresh(t, at), ctx)).config.diffIds, [layerOf('old').diffId]);
  });

  it('refuses to be changed after commit (E-47)', async (t) => {
    const ctx = testContext(t);
    const cache = await openImageCache(cacheAt(t, `oci:${temporaryPath(t)}:c`), ctx, AMD64);
    await cache.commit(JSON_TEXT, ctx);
    const message = 'cache cannot be modified after commit';
    assert.equal((await rejectionOf(Promise.resolve().then(() => cache.add(layerOf('x'), ctx)))).message, message);
    assert.equal((await rejectionOf(cache.commit(JSON_TEXT, ctx))).message, message);
  });

  it('says why it cannot be written, and leaves what was there', async (t) => {
    const ctx = testContext(t);
    const registry = await startRegistry(t, { readOnly: true });
    const cache = await openImageCache(cacheAt(t, `${registry.name}/shop/cache`), ctx, AMD64);
    await cache.add(layerOf('x'), ctx);
    assert.match((await rejectionOf(cache.commit(JSON_TEXT, ctx))).message, /shop\/cache/);
  });
});

describe('a cache image that is wrong', () => {
  const cases: Readonly<Record<string, { readonly config: Record<string, unknown>; readonly says: RegExp }>> = {
    'is not one': { config: {}, says: /is not used: it has no label io\.buildpacks\.lifecycle\.cache\.metadata$/ },
    'has metadata that is no JSON': { config: labels('{"sbom":'), says: /is not used: its label .* is not JSON/ },
    'is for another architecture': {
      config: { ...labels(JSON_TEXT), architecture: 'arm64' },
      says: /is not used: it is for linux\/arm64, not for linux\/amd64$/,
    },
    'is for another execution environment (GAP-24)': {
      config: { config: { Labels: { [CACHE_METADATA_LABEL]: JSON_TEXT, 'io.buildpacks.exec-env': 'test' } } },
      says: /is not used: it is for the execution environment test, not production$/,
    },
    'has more diffIDs than layers': {
      config: { ...labels(JSON_TEXT), rootfs: { type: 'layers', diff_ids: [digestOf(Buffer.from('a'))] }, x: 1 },
      says: /is not used: /,
    },
  };
  for (const [what, { config, says }] of Object.entries(cases)) {
    it(`because it ${what} is an empty cache and a warning that says so, and is replaced (R-26)`, async (t) => {
      const ctx = testContext(t);
      const at = cacheAt(t, `oci:${temporaryPath(t)}:c`);
      const layers = what.includes('diffIDs') ? ['a', 'b'] : ['a'];
      await putAt(at, imageOf('linux/amd64', { config, layers }), ctx);
      const cache = await openImageCache(at, ctx, AMD64);
      assert.equal(cache.metadata, undefined);
      assert.match(warnings(ctx).join('\n'), says);
      await cache.commit(JSON_TEXT, ctx);
      assert.deepEqual((await openImageCache(fresh(t, at), ctx, AMD64)).metadata, METADATA);
    });
  }

  it('is a warning too when its store is broken or does not answer', async (t) => {
    for (const text of [brokenLayout(t), '127.0.0.1:1/shop/cache']) {
      const ctx = testContext(t);
      const cache = await openImageCache(cacheAt(t, text), ctx, AMD64);
      assert.equal(cache.metadata, undefined);
      assert.equal(warnings(ctx).length, 1, text);
    }
  });

  it('of the Go lifecycle, without architecture, is read', async (t) => {
    const ctx = testContext(t);
    const at = cacheAt(t, `oci:${temporaryPath(t)}:c`);
    await putAt(at, imageOf('linux/amd64', { config: { ...labels(JSON_TEXT), architecture: '' } }), ctx);
    assert.deepEqual((await openImageCache(at, ctx, AMD64)).metadata, METADATA);
    assert.deepEqual(warnings(ctx), []);
  });

  it('does not give a layer whose blob is missing, and tells a wrong one when it is read (R-26)', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryPath(t);
    const at = cacheAt(t, `oci:${directory}:c`);
    const cache = await openImageCache(at, ctx, AMD64);
    const [gone, flipped] = [layerOf('gone'), layerOf('flipped')];
    for (const layer of [gone, flipped]) await cache.add(layer, ctx);
    await cache.commit(JSON_TEXT, ctx);
    rmSync(join(directory, 'blobs/sha256', hexOf(gone.descriptor.digest)));
    const path = join(directory, 'blobs/sha256', hexOf(flipped.descriptor.digest));
    writeFileSync(path, Buffer.alloc(flipped.descriptor.size, 7));
    const next = await openImageCache(fresh(t, at), ctx, AMD64);
    assert.equal(await next.find(gone.diffId, ctx), undefined);
    assert.equal((await rejectionOf(textOf(await next.find(flipped.diffId, ctx), ctx))).code, 'CONTENT_MISMATCH');
  });
});

describe('execution environments (GAP-24)', () => {
  it('each have a root of their own in a cache folder', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    const commit = async (execEnv: string | undefined): Promise<void> => {
      await using cache = await openFolderCache(directory, ctx, { execEnv });
      await cache.add(layerOf(execEnv ?? 'none'), ctx);
      await cache.commit(JSON.stringify({ by: execEnv ?? 'none' }), ctx);
    };
    for (const execEnv of ['test', 'a/../b', 'production']) await commit(execEnv);
    const metadata = async (execEnv: string | undefined): Promise<unknown> =>
      (await openFolderCache(directory, ctx, { execEnv })).metadata;
    assert.deepEqual(await metadata('test'), { by: 'test' });
    assert.deepEqual(await metadata('a/../b'), { by: 'a/../b' });
    assert.deepEqual(await metadata('production'), { by: 'production' });
    assert.deepEqual(await metadata(undefined), { by: 'production' });
    assert.equal(await metadata('other'), undefined);
  });

  it('are recorded in a cache image that is not for production', async (t) => {
    const ctx = testContext(t);
    const at = cacheAt(t, `oci:${temporaryPath(t)}:c`);
    const options = { ...AMD64, execEnv: 'test' };
    await (await openImageCache(at, ctx, options)).commit(JSON_TEXT, ctx);
    assert.deepEqual((await openImageCache(fresh(t, at), ctx, options)).metadata, METADATA);
    assert.equal((await openImageCache(fresh(t, at), ctx, AMD64)).metadata, undefined);
  });
});

function cacheAt(t: TestContext, name: string): CacheImage {
  const location = parseLocation(name);
  const locator = locatorOf(t);
  return { location, name, images: locator, openSink: (ctx) => locator.openSink(location, ctx) };
}

/** The same place, as another process finds it. */
function fresh(t: TestContext, at: CacheImage): CacheImage {
  return cacheAt(t, at.name);
}

function read(at: CacheImage, ctx: TestContextOf): Promise<Image> {
  return at.images.find(at.location, 'cache image', ctx);
}

async function committed(at: CacheImage, layer: ReturnType<typeof layerOf>, ctx: TestContextOf): Promise<void> {
  const cache = await openImageCache(at, ctx, AMD64);
  await cache.add(layer, ctx);
  await cache.commit(JSON_TEXT, ctx);
}

async function putAt(at: CacheImage, image: ReturnType<typeof imageOf>, ctx: TestContextOf): Promise<void> {
  await using sink = await at.openSink(ctx);
  await putImage(image, sink, ctx);
  await sink.commit(ctx);
}

async function textOf(layer: Awaited<ReturnType<BuildCache['find']>>, ctx: TestContextOf): Promise<string> {
  assert.ok(layer);
  const tar = await collect(openTar(layer, ctx), 1 << 20, 'tar');
  return tar.subarray(512, 1024).toString().replaceAll('\0', '');
}

function labels(text: string): Record<string, unknown> {
  return { config: { Labels: { [CACHE_METADATA_LABEL]: text } } };
}

function warnings(ctx: TestContextOf): readonly string[] {
  return ctx.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
}

function temporaryPath(t: TestContext): string {
  return join(temporaryDirectory(t), 'cache');
}

async function registryText(t: TestContext): Promise<string> {
  return `${(await startRegistry(t)).name}/shop/cache`;
}

function brokenLayout(t: TestContext): string {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(directory, 'index.json'), 'not json');
  return `oci:${directory}:c`;
}
