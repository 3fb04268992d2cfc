import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, describe, it, type TestContext } from 'node:test';
import { build } from 'esbuild';
import { isLeased } from '../../src/core/lease.ts';
import type { Image } from '../../src/ports/image.ts';
import { openRootfs } from '../../src/rootfs/open-rootfs.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { oddLayers } from '../support/odd-layers.ts';
import { asOrdinaryUser, giveToOrdinaryUser } from '../support/ordinary-user.ts';
import { NODE } from '../support/program.ts';
import { rootListing } from '../support/root-listing.ts';
import { archive, entry, layerOf } from '../support/tar.ts';
import { imageInLayout } from '../support/tar-image.ts';

interface Scene {
  readonly ctx: TestContextOf;
  readonly layout: string;
  readonly store: string;
  readonly image: Image;
  /** Where the image is found when it is unpacked. */
  readonly entry: string;
}

async function scene(t: TestContext): Promise<Scene> {
  const ctx = testContext(t);
  const base = temporaryDirectory(t);
  const [layout, store] = [join(base, 'layout'), join(base, 'store')];
  const image = await imageInLayout(layout, oddLayers(), ctx);
  return { ctx, layout, store, image, entry: join(store, image.manifestDigest.replace(':', '-')) };
}

/** The same image, whose layers must not be read. */
function unreadable(image: Image): Image {
  const open = (): never => {
    throw new Error('a layer was read');
  };
  return { ...image, layers: image.layers.map((layer) => ({ ...layer, open })) };
}

describe('openRootfs', () => {
  it('unpacks an image once, and then finds it without a look at a layer', async (t) => {
    const { ctx, store, image, entry: path } = await scene(t);
    const listing = await withRootfs(image, store, ctx, (root) => rootListing(root));
    assert.deepEqual(
      ctx.events.flatMap((event) => (event.type === 'rootfs.unpacked' ? [[event.manifest, event.entries]] : [])),
      [[image.manifestDigest, 69]],
    );
    assert.deepEqual(await withRootfs(unreadable(image), store, ctx, (root) => rootListing(root)), listing);
    assert.equal(ctx.events.filter((event) => event.type === 'rootfs.unpacked').length, 1);
    assert.deepEqual(readdirSync(store), [path.slice(store.length + 1)], 'no lock, no lease, nothing temporary');
    assert.equal(statSync(store).mode & 0o777, 0o700);
  });

  it('knows owners and modes that files here do not have', async (t) => {
    const { ctx, store, image } = await scene(t);
    await using rootfs = await openRootfs(image, store, ctx);
    assert.deepEqual((await rootfs.owners()).get('bin/su'), { uid: 0, gid: 0, mode: 0o4755 });
    assert.equal(lstatSync(join(rootfs.path, 'bin/su')).mode & 0o7777, 0o755);
  });

  it('keeps nothing of an image that is not right, and says so', async (t) => {
    const { ctx, store, image } = await scene(t);
    const [first, ...others] = image.layers;
    assert.ok(first !== undefined);
    const evil = layerOf(
      archive(entry({ name: 'locked', type: 'directory', mode: 0o000 }), entry({ name: '../evil', body: 'x' })),
    );
    const bad = { ...image, layers: [first, ...others, evil] };
    await assert.rejects(openRootfs(bad, store, ctx), { code: 'ARCHIVE_UNSAFE' });
    assert.deepEqual(readdirSync(store), []);
    assert.equal(existsSync(join(store, '..', 'evil')), false);
  });

  it('does not trust what has no mark, or lost contents when the machine went down', async (t) => {
    const { ctx, store, image, entry: path } = await scene(t);
    mkdirSync(join(path, 'root'), { recursive: true });
    writeFileSync(join(path, 'root/stale'), 'x');
    const listing = await withRootfs(image, store, ctx, (root) => rootListing(root));
    assert.ok(!listing.some((line) => line.includes('stale')));
    const mark = join(path, 'complete.json');
    const other = readFileSync(mark, 'utf8').replace(/"boot":"[0-9a-f]{8}"/, '"boot":"00000000"');
    writeFileSync(mark, other);
    await withRootfs(unreadable(image), store, ctx, () => undefined);
    assert.notEqual(readFileSync(mark, 'utf8'), other, 'checked once a boot');
    writeFileSync(mark, other);
    truncateSync(join(path, 'root/etc/change'), 0);
    assert.deepEqual(await withRootfs(image, store, ctx, (root) => rootListing(root)), listing);
  });

  it('is made and used by an ordinary user, read-only directories included', async (t) => {
    const { ctx, store, image, entry: path } = await scene(t);
    mkdirSync(store);
    giveToOrdinaryUser(store, 0o700);
    const locked = layerOf(
      archive(
        entry({ name: 'readonly/added', body: 'later' }),
        entry({ name: 'none', type: 'directory', mode: 0 }),
        entry({ name: 'none/inside', body: 'x', mode: 0, uid: 12345, gid: 54321 }),
        entry({ name: 'none/.wh.nothing' }),
      ),
    );
    await asOrdinaryUser(async () => {
      const rootfs = await openRootfs({ ...image, layers: [...image.layers, locked] }, store, ctx);
      assert.equal(readFileSync(join(rootfs.path, 'readonly/added'), 'utf8'), 'later');
      assert.throws(
        () => {
          writeFileSync(join(rootfs.path, 'readonly/new'), 'x');
        },
        { code: 'EACCES' },
      );
      assert.deepEqual((await rootfs.owners()).get('none/inside'), { uid: 12345, gid: 54321, mode: 0 });
      await rootfs.release();
      rmSync(join(path, 'complete.json'));
      await withRootfs(image, store, ctx, (root) => {
        assert.ok(!existsSync(join(root, 'none')), 'a tree with locked directories could be replaced');
      });
    });
  });

  it('leaves no lease behind when it is given back, twice over', async (t) => {
    const { ctx, store, image, entry: path } = await scene(t);
    const [first, second] = await Promise.all([openRootfs(image, store, ctx), openRootfs(image, store, ctx)]);
    assert.equal(ctx.events.filter((event) => event.type === 'rootfs.unpacked').length, 1);
    await first.release();
    await first.release();
    assert.equal(await isLeased(path, ctx), true);
    await second.release();
    assert.equal(await isLeased(path, ctx), false);
  });
});

describe('openRootfs in several processes', () => {
  let program = '';
  before(async () => {
    program = join('.build', 'test', 'rootfs-writer.mjs');
    await build({
      entryPoints: ['test/support/rootfs-writer.ts'],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'es2023',
      packages: 'external',
      logLevel: 'error',
    });
  });

  it('one unpacks, the others wait and find it', async (t) => {
    const { layout, store, ctx, entry: path } = await scene(t);
    const builds = Array.from({ length: 3 }, () => start(t, program, [layout, store]));
    const words = await Promise.all(builds.map((child) => child.word));
    assert.deepEqual([...words].sort(), ['found', 'found', 'unpacked']);
    assert.equal(await isLeased(path, ctx), true);
    for (const child of builds) child.process.stdin?.write('go\n');
    assert.deepEqual(await Promise.all(builds.map((child) => child.exit)), [0, 0, 0]);
    assert.equal(await isLeased(path, ctx), false);
  });

  it('kill -9 at any point leaves nothing that is found, and the next one tidies up', async (t) => {
    const { layout, store, ctx, image, entry: path } = await scene(t);
    for (const chunks of [0, 2, 4]) {
      const victim = start(t, program, [layout, store, String(chunks)]);
      assert.equal(await victim.word, 'hanging');
      victim.process.kill('SIGKILL');
      await victim.exit;
      assert.equal(existsSync(path), false);
      assert.ok(readdirSync(store).length > 0, 'the victim had begun');
    }
    // As one that was killed while modes were given.
    for (const name of readdirSync(store).filter((each) => each.endsWith('.tmp'))) {
      if (existsSync(join(store, name, 'root/usr'))) chmodSync(join(store, name, 'root/usr'), 0);
    }
    await withRootfs(image, store, ctx, (root) => assert.ok(existsSync(join(root, 'whole/c'))));
    assert.deepEqual(readdirSync(store), [path.slice(store.length + 1)]);
  });

  it('a lease lasts as long as its process', async (t) => {
    const { layout, store, ctx, entry: path } = await scene(t);
    const build = start(t, program, [layout, store]);
    await build.word;
    assert.equal(await isLeased(path, ctx), true);
    build.process.kill('SIGKILL');
    await build.exit;
    assert.equal(await isLeased(path, ctx), false);
  });
});

async function withRootfs<T>(image: Image, store: string, ctx: TestContextOf, task: (root: string) => T): Promise<T> {
  await using rootfs = await openRootfs(image, store, ctx);
  return task(rootfs.path);
}

interface Build {
  readonly process: ChildProcess;
  /** The first line that it prints. */
  readonly word: Promise<string>;
  readonly exit: Promise<number | null>;
}

function start(t: TestContext, program: string, args: readonly string[]): Build {
  const child = spawn(NODE, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  return {
    process: child,
    word: once(lines, 'line').then(([line]) => String(line)),
    exit: once(child, 'exit').then(() => child.exitCode),
  };
}
