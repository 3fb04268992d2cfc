import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { listCacheEntries } from '../../src/cache/cache-entries.ts';
import { pruneCache, type PruneOptions } from '../../src/cache/prune.ts';
import { lockOf, takeLease } from '../../src/core/lease.ts';
import { withLock } from '../../src/core/lock-directory.ts';
import { openRootfs } from '../../src/rootfs/open-rootfs.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { archive, entry, layerOf } from '../support/tar.ts';
import { imageInLayout } from '../support/tar-image.ts';

const DAY_MS = 86_400_000;

interface Scene {
  readonly root: string;
  readonly ctx: TestContextOf;
  /** Makes an entry of ten bytes that was used so many days ago. */
  readonly add: (area: string, name: string, days: number) => string;
  readonly prune: (options?: PruneOptions) => Promise<readonly string[]>;
}

function scene(t: TestContext): Scene {
  const ctx = testContext(t);
  const root = join(temporaryDirectory(t), 'cache');
  return {
    root,
    ctx,
    add: (area, name, days) => {
      const path = join(root, area, name);
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'file'), 'ten bytes.');
      const time = new Date(ctx.clock.now().getTime() - days * DAY_MS);
      utimesSync(join(path, 'file'), time, time);
      utimesSync(path, time, time);
      return path;
    },
    prune: async (options = {}) => (await pruneCache(root, ctx, options)).removed.map(({ name }) => name),
  };
}

describe('pruneCache', () => {
  it('removes the least recently used first, until little enough is left', async (t) => {
    const { root, add, prune } = scene(t);
    for (const [name, days] of [
      ['b', 2],
      ['c', 3],
      ['a', 1],
    ] as const)
      add('builds', name, days);
    add('rootfs', 'd', 4);
    assert.deepEqual(await prune({ maxBytes: 25, isDryRun: true }), ['d', 'c']);
    assert.equal(readdirSync(join(root, 'builds')).length, 3, 'a dry run removes nothing');
    assert.deepEqual(await prune({ maxBytes: 25 }), ['d', 'c']);
    assert.deepEqual(await prune({ maxBytes: 20 }), []);
    assert.deepEqual(readdirSync(join(root, 'builds')).sort(), ['a', 'b']);
    assert.deepEqual(await prune({ olderThanMs: DAY_MS * 1.5 }), ['b']);
    assert.deepEqual(await prune(), ['a']);
    assert.deepEqual(readdirSync(join(root, 'builds')), []);
  });

  it('never removes what is in use, and says which that is', async (t) => {
    const { root, ctx, add, prune } = scene(t);
    const [leased, locked] = [add('builds', 'leased', 9), add('work', 'locked', 9)];
    const lease = await takeLease(leased);
    await withLock(lockOf(locked), ctx, async () => {
      const entries = await listCacheEntries(root, ctx);
      assert.deepEqual(
        entries.map(({ name, isInUse, bytes }) => [name, isInUse, bytes]),
        [
          ['leased', true, 10],
          ['locked', true, 10],
        ],
      );
      assert.deepEqual(await prune(), []);
      assert.deepEqual(await prune({ maxBytes: 0, olderThanMs: 0 }), []);
    });
    await lease.release();
    assert.deepEqual([...(await prune())].sort(), ['leased', 'locked']);
  });

  it('removes unpacked images by the time of their last use, whatever modes are in them', async (t) => {
    const { root, ctx, prune } = scene(t);
    const layer = layerOf(
      archive(
        entry({ name: 'ro', type: 'directory', mode: 0 }),
        entry({ name: 'ro/file', body: '12345', mtime: 4_000_000_000 }),
        entry({ name: 'ro/again', type: 'hardlink', linkname: 'ro/file' }),
      ),
    );
    const image = await imageInLayout(join(ctx.tmp, 'layout'), [layer], ctx);
    const store = join(root, 'rootfs');
    const rootfs = await openRootfs(image, store, ctx);
    const [found] = await listCacheEntries(root, ctx);
    assert.ok(found !== undefined);
    assert.deepEqual(
      [found.subject, found.isInUse, found.lastUseMs],
      [`oci:${join(ctx.tmp, 'layout')}:test`, true, ctx.clock.now().getTime()],
    );
    assert.deepEqual(await prune(), []);
    assert.ok(existsSync(rootfs.path));
    await rootfs.release();
    assert.equal((await prune()).length, 1);
    assert.deepEqual(readdirSync(store), []);
    await (await openRootfs(image, store, ctx)).release();
  });

  it('knows nothing but its own directories, and tidies up after killed processes', async (t) => {
    const { root, add, prune } = scene(t);
    add('Documents', 'letter', 100);
    const dead = add('rootfs', '.sha256-00.999999-1-00000000-0123456789ab.tmp', 100);
    chmodSync(dead, 0);
    assert.deepEqual(await prune(), []);
    assert.equal(existsSync(dead), false);
    assert.ok(existsSync(join(root, 'Documents/letter/file')));
  });

  it('is content with a cache that is not there', async (t) => {
    assert.deepEqual(await scene(t).prune(), []);
  });
});
