import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { listCacheEntries } from '../../../src/cache/cache-entries.ts';
import { pruneCache } from '../../../src/cache/prune.ts';
import { digestOf, parseDiffId } from '../../../src/oci/digest.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { parseCache } from '../../../src/options/build/cache-choice.ts';
import { readCaches } from '../../../src/platform/build/caches.ts';
import { openCaches } from '../../../src/platform/build/open-caches.ts';
import type { BuildOptions } from '../../../src/platform/build/options.ts';
import type { Layer } from '../../../src/ports/blob.ts';
import { temporaryDirectory, testContext } from '../../support/context.ts';
import { failureOf } from '../../support/failure.ts';
import { locatorOf } from '../../support/locator.ts';

describe('where the caches of a build are', () => {
  it('kept by registry, repository, tag and platform unless somebody says otherwise', (t) => {
    const options = optionsIn(t);
    const { cacheDir, launchDir, cacheImage, kept } = readCaches(options);
    assert.equal(cacheImage, undefined);
    assert.equal(launchDir, cacheDir);
    assert.deepEqual(kept, [cacheDir]);
    assert.match(cacheDir ?? '', /\/root\/builds\/acme_shop_1-[0-9a-f]{12}$/);
    const names = ['acme/shop:2', 'host.example/acme/shop:1', 'acme/shop:1'].map(
      (image) => readCaches({ ...options, image }).cacheDir,
    );
    assert.equal(
      new Set([...names, readCaches({ ...options, target: parsePlatform('linux/arm64') }).cacheDir]).size,
      4,
    );
    assert.ok(names.includes(cacheDir));
  });

  it('follows --cache; a launch cache is kept only beside a kept build cache', (t) => {
    const options = optionsIn(t);
    const cases: readonly (readonly [readonly string[], readonly (string | undefined)[]])[] = [
      [['format=bind;source=c'], ['/work/c/build-cache', undefined, undefined]],
      [
        ['format=bind;source=c', 'type=launch;format=bind;source=c'],
        ['/work/c/build-cache', '/work/c/launch-cache', undefined],
      ],
      [['format=oci;source=c'], [undefined, undefined, 'oci:c']],
      [['format=none'], [undefined, undefined, undefined]],
      [
        ['format=none', 'type=launch;format=volume;name=n'],
        [undefined, `${options.root}/builds/n`, undefined],
      ],
    ];
    for (const [texts, expected] of cases) {
      const { cacheDir, launchDir, cacheImage } = readCaches({ ...options, caches: texts.map(parseCache) });
      assert.deepEqual([cacheDir, launchDir, cacheImage?.name], expected, texts.join(' '));
    }
    assert.equal(readCaches({ ...options, cacheDir: 'x' }).launchDir, undefined);
    const image = readCaches({ ...options, caches: [parseCache('type=launch;format=image;name=x')] });
    assert.match(image.notice ?? '', /a launch cache cannot be an image/);
    assert.equal(image.launchDir, image.cacheDir);
  });

  it('refuses two places of one cache', (t) => {
    const options = optionsIn(t);
    const build = [parseCache('format=none')];
    const cases: readonly (readonly [Partial<BuildOptions>, RegExp])[] = [
      [{ cacheDir: 'a', cacheImage: 'b' }, /supply only one of --cache-image and --cache-dir/],
      [{ caches: build, cacheDir: 'a' }, /the build cache has two places: --cache type=build and --cache-dir/],
      [{ caches: build, cacheImage: 'a' }, /--cache type=build and --cache-image/],
      [{ caches: [...build, ...build] }, /--cache type=build twice/],
      [{ caches: [parseCache('type=launch')], launchCacheDir: 'a' }, /--cache type=launch and --launch-cache/],
    ];
    for (const [more, message] of cases) {
      const error = failureOf(() => readCaches({ ...options, ...more }));
      assert.deepEqual([error.code, error.exit], ['ARGUMENT_INVALID', 3]);
      assert.match(error.message, message);
    }
  });
});

describe('caches of a build while they are open', () => {
  it('are listed by their image, and prune lets them be until they are closed', async (t) => {
    const [ctx, options, locator] = [testContext(t), optionsIn(t), locatorOf(t)];
    const plan = readCaches(options);
    const first = await openCaches(plan, options, locator, ctx);
    await using second = await openCaches(plan, options, locator, ctx);
    await first[Symbol.asyncDispose]();
    const [entry] = await listCacheEntries(options.root, ctx);
    assert.deepEqual([entry?.area, entry?.subject, entry?.isInUse], ['builds', 'acme/shop:1', true]);
    assert.deepEqual((await pruneCache(options.root, ctx)).removed, []);
    await second[Symbol.asyncDispose]();
    assert.equal((await pruneCache(options.root, ctx)).removed.length, 1);
    assert.equal(existsSync(plan.cacheDir ?? ''), false);
  });

  it('are empty with clearCache: as a whole, or forgotten while another build reads them', async (t) => {
    const [ctx, options, locator] = [testContext(t), optionsIn(t), locatorOf(t)];
    const plan = readCaches(options);
    const layer = layerOf('layer');
    {
      await using caches = await openCaches(plan, options, locator, ctx);
      await caches.launchCache?.add(layer, ctx);
      await using others = await openCaches(plan, { ...options, clearCache: true }, locator, ctx);
      assert.equal(await others.launchCache?.find(layer.diffId, ctx), undefined);
      const blob = join(plan.cacheDir ?? '', 'blobs/sha256', layer.descriptor.digest.slice(7));
      assert.equal(readFileSync(blob, 'utf8'), 'layer');
    }
    {
      await using again = await openCaches(plan, options, locator, ctx);
      await again.launchCache?.add(layer, ctx);
    }
    await using empty = await openCaches(plan, { ...options, clearCache: true }, locator, ctx);
    assert.equal(await empty.launchCache?.find(layer.diffId, ctx), undefined);
    assert.equal(existsSync(join(plan.cacheDir ?? '', 'blobs/sha256', layer.descriptor.digest.slice(7))), false);
  });

  it('that nobody asked for and that cannot be made are a warning; a directory that was named is an error', async (t) => {
    const [ctx, options, locator] = [testContext(t), optionsIn(t), locatorOf(t)];
    writeFileSync(join(options.root, 'builds'), 'in the way');
    await using caches = await openCaches(readCaches(options), options, locator, ctx);
    assert.deepEqual([await caches.openCache(undefined), caches.launchCache], [undefined, undefined]);
    const [warning] = ctx.events.filter((event) => event.type === 'warning');
    assert.match(warning?.message ?? '', /^this build has no cache: .*builds.*; name a directory with --cache-dir/);
    const named = { ...options, cacheDir: join(options.root, 'builds') };
    await assert.rejects(openCaches(readCaches(named), named, locator, ctx), { code: 'WRITE_FAILED' });
  });
});

function optionsIn(t: TestContext): BuildOptions & { readonly root: string } {
  const root = join(temporaryDirectory(t), 'root');
  mkdirSync(root);
  return {
    root,
    image: 'acme/shop:1',
    path: '.',
    outputs: [],
    machine: {
      env: { SLIPWAY_CACHE_DIR: root },
      home: undefined,
      cwd: '/work',
      tmp: '/tmp',
      architecture: 'amd64',
      platform: 'linux',
      uid: 1000,
      gid: 1000,
      becomeUser: () => undefined,
    },
  };
}

function layerOf(text: string): Layer {
  const bytes = Buffer.from(text);
  const digest = digestOf(bytes);
  return {
    descriptor: { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: bytes.length },
    diffId: parseDiffId(digest),
    origins: [],
    open: () => Readable.from([bytes]),
  };
}
