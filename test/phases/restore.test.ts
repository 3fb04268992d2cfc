import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { openFolderCache } from '../../src/cache/folder-cache.ts';
import { platformFeatures } from '../../src/cnb/features.ts';
import { cacheMetadataJson } from '../../src/cnb/labels.ts';
import { EMPTY_LIFECYCLE_METADATA } from '../../src/cnb/layer-metadata.ts';
import type { Context } from '../../src/core/context.ts';
import { hexOf } from '../../src/oci/digest.ts';
import { restore } from '../../src/phases/restore.ts';
import type { BuildCache } from '../../src/ports/layer-cache.ts';
import { temporaryDirectory } from '../support/context.ts';
import { asOrdinaryUser, giveToOrdinaryUser } from '../support/ordinary-user.ts';
import {
  ALL,
  CACHE_ONLY,
  LAUNCH_ONLY,
  cacheWith,
  inputOf,
  lines,
  metadataOf,
  record,
  restoreScene,
  shaOf,
} from '../support/restore-scene.ts';

describe('restore', () => {
  it('follows the table of flags for metadata of the app image and of the cache (R-06, R-07, R-08, R-09, R-10, R-19)', async (t) => {
    const { ctx, layers, cache } = await restoreScene(t, {
      both: ALL,
      own: CACHE_ONLY,
      uncached: { ...ALL, cache: false },
    });
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

  it('restores a cached launch layer that the app image does not have, from Platform API 0.14 on (R-11)', async (t) => {
    const { ctx, layers, cache } = await restoreScene(t, { both: ALL });
    const input = inputOf(layers, EMPTY_LIFECYCLE_METADATA);
    await restore({ ...input, features: platformFeatures('0.13') }, { cache }, ctx);
    assert.deepEqual(readdirSync(layers.real), []);
    assert.ok(lines(ctx, 'debug').includes('Not restoring "a/b:both" from cache, marked as launch=true'));
    await restore({ ...input, features: platformFeatures('0.14') }, { cache }, ctx);
    assert.deepEqual(readdirSync(join(layers.real, 'a_b')).sort(), ['both', 'both.toml']);
  });

  it('leaves the metadata of the app image as it is, whatever the cache has (R-12)', async (t) => {
    const { ctx, layers, cache } = await restoreScene(t, { both: ALL });
    const sha = shaOf(cache, 'both');
    const app = metadataOf({ both: { ...record(sha, ALL), data: { from: 'app' } } });
    const cached = { ...record(sha, ALL), data: { from: 'cache' } };
    const buildpacks = [{ key: 'a/b', version: '1', layers: { both: cached } }];
    await using other = cacheWith(cache, cacheMetadataJson({ sbom: '', buildpacks }));
    await restore(inputOf(layers, app), { cache: other }, ctx);
    assert.equal(readFileSync(join(layers.real, 'a_b/both.toml'), 'utf8'), '[metadata]\n  from = "app"\n');
    assert.equal(readFileSync(join(layers.real, 'a_b/both/file'), 'utf8'), 'both');
  });

  it('leaves out layers that say they are for other execution environments, from Platform API 0.15 on (GAP-20)', async (t) => {
    const { ctx, layers, cache } = await restoreScene(t, { both: ALL });
    const of = (
      execEnv: readonly string[],
      sha = 'sha256:1',
      types: typeof LAUNCH_ONLY | typeof ALL = LAUNCH_ONLY,
    ) => ({
      ...record(sha, types),
      data: { 'exec-env': execEnv },
    });
    const app = metadataOf({
      any: of(['*']),
      both: of(['test'], shaOf(cache, 'both'), ALL),
      here: of(['test', 'production']),
      none: of([]),
      other: of(['test', 'dev']),
    });
    await restore(inputOf(layers, app), { cache }, ctx);
    assert.deepEqual(readdirSync(join(layers.real, 'a_b')).sort(), ['any.toml', 'here.toml', 'none.toml']);
    const line = 'Not restoring metadata for "a/b:other", marked as exec-env=[test, dev], current: production';
    assert.ok(lines(ctx, 'debug').includes(line));
    await restore({ ...inputOf(layers, app), features: platformFeatures('0.14') }, { cache }, ctx);
    assert.ok(existsSync(join(layers.real, 'a_b/other.toml')));
    assert.ok(existsSync(join(layers.real, 'a_b/both/file')));
  });

  it('passes over buildpacks that are not in the group, and knows them by id alone (R-18)', async (t) => {
    const { ctx, layers, cache } = await restoreScene(t, { own: CACHE_ONLY });
    const app = { ...metadataOf({ launch: record('sha256:1', LAUNCH_ONLY) }) };
    const input = inputOf(layers, app);
    const other = { kind: 'buildpack', id: 'other', version: '1', api: '0.10' } as const;
    await restore({ ...input, group: [other, { ...other, kind: 'extension', id: 'a/b' }] }, { cache }, ctx);
    assert.deepEqual(readdirSync(layers.real), []);
    await restore({ ...input, group: [{ ...other, id: 'a/b', version: 'another' }] }, { cache }, ctx);
    assert.deepEqual(readdirSync(join(layers.real, 'a_b')).sort(), ['launch.toml', 'own', 'own.toml']);
  });

  it('without a cache, and with an empty one, keeps metadata of layers that are for launch alone (R-20, R-21)', async (t) => {
    for (const open of [() => undefined, (at: string, inner: Context) => openFolderCache(at, inner)]) {
      const { ctx, layers } = await restoreScene(t, {});
      const cache = await open(temporaryDirectory(t), ctx);
      const app = metadataOf({ both: record('sha256:1', ALL), launch: record('sha256:2', LAUNCH_ONLY) });
      await restore(inputOf(layers, app), { cache }, ctx);
      assert.deepEqual(readdirSync(join(layers.real, 'a_b')), ['launch.toml']);
      assert.deepEqual(
        ctx.events.filter((event) => event.type === 'warning'),
        [],
      );
    }
  });

  it('unpacks several layers at the same time (R-17)', async (t) => {
    const { ctx, layers, cache } = await restoreScene(t, { one: CACHE_ONLY, two: CACHE_ONLY, three: CACHE_ONLY });
    let asked = 0;
    let release = (): void => undefined;
    const bothAsked = new Promise<void>((resolve) => (release = resolve));
    const find: BuildCache['find'] = async (diffId, inner) => {
      if (++asked === 2) release();
      await bothAsked;
      return cache.find(diffId, inner);
    };
    await using slow = { ...cacheWith(cache, JSON.stringify(cache.metadata)), find };
    await restore(inputOf(layers, EMPTY_LIFECYCLE_METADATA), { cache: slow }, ctx);
    assert.deepEqual(
      readdirSync(join(layers.real, 'a_b')).filter((name) => !name.endsWith('.toml')),
      ['one', 'three', 'two'],
    );
  });

  it('leaves out a layer whose blob this user may not read (R-16)', async (t) => {
    const { ctx, layers, cache, directory } = await restoreScene(t, { bad: CACHE_ONLY, good: CACHE_ONLY });
    const layer = await cache.find(shaOf(cache, 'bad'), ctx);
    assert.ok(layer);
    chmodSync(join(directory, 'blobs/sha256', hexOf(layer.descriptor.digest)), 0);
    for (let above = layers.real; above !== tmpdir(); above = dirname(above)) giveToOrdinaryUser(above, 0o755);
    await asOrdinaryUser(() => restore(inputOf(layers, EMPTY_LIFECYCLE_METADATA), { cache }, ctx));
    assert.deepEqual(readdirSync(join(layers.real, 'a_b')).sort(), ['good', 'good.toml']);
    assert.match(lines(ctx, 'warn').join('\n'), /^Skipping restore for layer a\/b:bad: .*(permission|EACCES)/);
  });

  it('writes only [metadata], with numbers as the label has them (R-04)', async (t) => {
    const { ctx, layers } = await restoreScene(t, {});
    const app = metadataOf({
      launch: { ...record('sha256:1', LAUNCH_ONLY), data: { n: 7, text: 'x' } },
      bare: record('sha256:2', LAUNCH_ONLY),
    });
    await restore(inputOf(layers, app), { cache: undefined }, ctx);
    assert.equal(readFileSync(join(layers.real, 'a_b/launch.toml'), 'utf8'), '[metadata]\n  n = 7.0\n  text = "x"\n');
    assert.equal(readFileSync(join(layers.real, 'a_b/bare.toml'), 'utf8'), '');
  });

  it('restores store.toml also when layers are not (R-05, R-25)', async (t) => {
    const { ctx, layers, cache } = await restoreScene(t, { own: CACHE_ONLY });
    const app = metadataOf({ launch: record('sha256:1', LAUNCH_ONLY) });
    const withStore = { ...app, buildpacks: app.buildpacks.map((each) => ({ ...each, store: { k: 'v' } })) };
    await restore({ ...inputOf(layers, withStore), skipLayers: true }, { cache }, ctx);
    assert.deepEqual(readdirSync(join(layers.real, 'a_b')), ['store.toml']);
    assert.deepEqual(lines(ctx, 'info'), ['Skipping buildpack layer analysis']);
  });

  it('removes a layer that the cache knows by another diffID (R-13)', async (t) => {
    const { ctx, layers, cache } = await restoreScene(t, { both: ALL, stale: CACHE_ONLY });
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
      const { ctx, layers, cache, directory } = await restoreScene(t, { bad: CACHE_ONLY, good: CACHE_ONLY });
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
    const { ctx, layers, cache } = await restoreScene(t, { own: CACHE_ONLY });
    await restore(inputOf(layers, EMPTY_LIFECYCLE_METADATA), { cache }, ctx);
    rmSync(join(layers.real, 'a_b/own/file'));
    symlinkSync('/etc/passwd', join(layers.real, 'a_b/own/file'));
    await restore(inputOf(layers, EMPTY_LIFECYCLE_METADATA), { cache }, ctx);
    assert.equal(readFileSync(join(layers.real, 'a_b/own/file'), 'utf8'), 'own');
    assert.equal(readFileSync(join(layers.real, 'a_b/own/link'), 'utf8'), 'own');
  });

  it('writes nowhere but into the layer it restores (GAP-29)', async (t) => {
    const { ctx, layers, cache } = await restoreScene(t, { own: CACHE_ONLY, other: CACHE_ONLY });
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

  it('takes malformed metadata of a cache for none, and says so (R-22)', async (t) => {
    const { ctx, layers, cache } = await restoreScene(t, {});
    await using next = cacheWith(cache, '{"buildpacks":7}');
    await restore(inputOf(layers, EMPTY_LIFECYCLE_METADATA), { cache: next }, ctx);
    assert.deepEqual(lines(ctx, 'info'), []);
    const warnings = ctx.events.flatMap((event) => (event.type === 'warning' ? [event] : []));
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['CACHE_IGNORED'],
    );
    assert.match(warnings[0]?.message ?? '', /^the cache folder .* is not used: its metadata is malformed$/);
    assert.ok(!lines(ctx, 'debug').some((line) => line.startsWith('Usable cache not provided')));
    await restore(inputOf(layers, EMPTY_LIFECYCLE_METADATA), { cache: undefined }, ctx);
    assert.ok(lines(ctx, 'debug').includes('Usable cache not provided, using empty cache metadata'));
  });
});

function flipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 12] = (copy[copy.length - 12] ?? 0) ^ 0xff;
  return copy;
}
