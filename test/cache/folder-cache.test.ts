import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, describe, it, type TestContext } from 'node:test';
import { build } from 'esbuild';
import { openFolderCache } from '../../src/cache/folder-cache.ts';
import { openFolderLayerStore } from '../../src/cache/layer-store.ts';
import { collect, streamOf } from '../../src/core/bytes.ts';
import { hasCode, SlipwayError } from '../../src/core/errors.ts';
import { digestOf, hexOf, parseDiffId } from '../../src/oci/digest.ts';
import type { Layer } from '../../src/ports/blob.ts';
import { asOrdinaryUser, giveToOrdinaryUser } from '../support/ordinary-user.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { writtenLayer } from '../support/written-layer.ts';

const METADATA = { sbom: { sha: '' }, buildpacks: [] };

describe('a cache folder', () => {
  it('is made when it is missing, and shows the next build what was committed (R-36, GAP-3)', async (t) => {
    const ctx = testContext(t);
    const directory = join(temporaryDirectory(t), 'not', 'there', 'yet');
    const layer = layerOf('a layer');
    {
      await using first = await openFolderCache(directory, ctx);
      assert.equal(first.metadata, undefined);
      await first.add(layer, ctx);
      assert.deepEqual(await contents(await first.find(layer.diffId, ctx)), 'a layer');
      await first.commit(JSON.stringify(METADATA), ctx);
    }
    const second = await openFolderCache(directory, ctx);
    assert.deepEqual(second.metadata, METADATA);
    assert.equal(await contents(await second.find(layer.diffId, ctx)), 'a layer');
    assert.deepEqual(readdirSync(join(directory, 'blobs/sha256')), [hexOf(layer.descriptor.digest)]);
  });

  it('keeps what was pinned while another build commits', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    await commitLayers(t, directory, ['old']);
    const reader = await openFolderCache(directory, ctx);
    await commitLayers(t, directory, ['new']);
    assert.equal(await contents(await reader.find(layerOf('old').diffId, ctx)), 'old');
    assert.equal(await reader.find(layerOf('new').diffId, ctx), undefined);
  });

  it('shows nothing of a build that did not commit', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    const abandoned = await openFolderCache(directory, ctx);
    await abandoned.add(layerOf('x'), ctx);
    await abandoned[Symbol.asyncDispose]();
    assert.equal((await openFolderCache(directory, ctx)).metadata, undefined);
  });

  it('refuses to be changed after commit (E-47)', async (t) => {
    const ctx = testContext(t);
    const cache = await openFolderCache(temporaryDirectory(t), ctx);
    await cache.commit('{}', ctx);
    await assert.rejects(cache.add(layerOf('x'), ctx), { message: 'cache cannot be modified after commit' });
    await assert.rejects(cache.commit('{}', ctx), { message: 'cache cannot be modified after commit' });
  });

  it('names the path when a file is in the way', async (t) => {
    const file = join(temporaryDirectory(t), 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below')]) {
      const error = await failure(openFolderCache(path, testContext(t)));
      assert.ok(hasCode(error, 'WRITE_FAILED'));
      assert.equal(error.exit, 1);
      assert.match(error.message, new RegExp(`^cannot use ${path} as a cache: `));
    }
    assert.equal(readFileSync(file, 'utf8'), '');
  });

  it('names the path when it cannot be made', async (t) => {
    const error = await failure(openFolderCache('/sys/slipway-cache', testContext(t)));
    assert.ok(hasCode(error, 'WRITE_FAILED'));
    assert.match(error.message, /^cannot use \/sys\/slipway-cache as a cache: /);
  });

  it('names the path when it cannot be written to', async (t) => {
    const directory = temporaryDirectory(t);
    giveToOrdinaryUser(directory, 0o555);
    const error = await failure(asOrdinaryUser(() => openFolderLayerStore(directory, testContext(t))));
    assert.ok(hasCode(error, 'WRITE_FAILED'));
    assert.match(error.message, new RegExp(directory));
  });

  it('does not find a layer whose blob is missing or truncated', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    await commitLayers(t, directory, ['gone', 'cut', 'good']);
    rmSync(blobPath(directory, 'gone'));
    truncateSync(blobPath(directory, 'cut'), 1);
    const cache = await openFolderCache(directory, ctx);
    assert.equal(await cache.find(layerOf('gone').diffId, ctx), undefined);
    assert.equal(await cache.find(layerOf('cut').diffId, ctx), undefined);
    assert.equal(await contents(await cache.find(layerOf('good').diffId, ctx)), 'good');
    await cache.add(layerOf('cut'), ctx);
    assert.equal(await contents(await cache.find(layerOf('cut').diffId, ctx)), 'cut');
  });

  it('notices flipped bytes when they are read, and then makes room for the right ones (E-44)', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    await commitLayers(t, directory, ['flip']);
    writeFileSync(blobPath(directory, 'flip'), 'flap');
    const cache = await openFolderCache(directory, ctx);
    const found = await cache.find(layerOf('flip').diffId, ctx);
    assert.ok(hasCode(await failure(contents(found)), 'CONTENT_MISMATCH'));
    assert.equal(await cache.find(layerOf('flip').diffId, ctx), undefined);
    await cache.add(layerOf('flip'), ctx);
    assert.equal(await contents(await cache.find(layerOf('flip').diffId, ctx)), 'flip');
  });

  for (const [what, text] of [
    ['half a root', '{"version":1,"metad'],
    ['no JSON object', '[]'],
    ['a root of another version', '{"version":2,"layers":{}}'],
    ['a layer that is none', '{"version":1,"layers":{"sha256:x":{}}}'],
  ] as const) {
    it(`says what it ignores and goes on: ${what}`, async (t) => {
      const ctx = testContext(t);
      const directory = temporaryDirectory(t);
      await commitLayers(t, directory, ['x']);
      const root = join(directory, 'roots/build.json');
      writeFileSync(root, text);
      const cache = await openFolderCache(directory, ctx);
      assert.equal(cache.metadata, undefined);
      const warning = ctx.events.find((event) => event.type === 'warning');
      assert.equal(warning?.code, 'CACHE_IGNORED');
      assert.ok(warning.message.includes(root));
      await cache.commit('{"again":true}', ctx);
      assert.deepEqual((await openFolderCache(directory, ctx)).metadata, { again: true });
    });
  }

  it('reads what the Go lifecycle committed, verifies it, and never writes there', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    goVolume(directory, 'committed', ['tar one', 'tar two']);
    writeFileSync(join(directory, 'committed', `${layerOf('tar two').diffId}.tar`), 'tar 2!!');
    const cache = await openFolderCache(directory, ctx);
    assert.deepEqual(cache.metadata, METADATA);
    const found = await cache.find(layerOf('tar one').diffId, ctx);
    assert.equal(await contents(found), 'tar one');
    assert.equal(found?.descriptor.mediaType, 'application/vnd.oci.image.layer.v1.tar');
    assert.ok(hasCode(await failure(contents(await cache.find(layerOf('tar two').diffId, ctx))), 'CONTENT_MISMATCH'));
    const before = readdirSync(join(directory, 'committed'));
    await cache.add(found, ctx);
    await cache.commit('{"ours":1}', ctx);
    assert.deepEqual(readdirSync(join(directory, 'committed')), before);
    const next = await openFolderCache(directory, ctx);
    assert.deepEqual(next.metadata, { ours: 1 });
    assert.equal(await contents(await next.find(layerOf('tar one').diffId, ctx)), 'tar one');
  });

  it('finds what a crash of the Go lifecycle left between its two renames (R-37)', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    goVolume(directory, 'committed-backup', ['tar']);
    const cache = await openFolderCache(directory, ctx);
    assert.deepEqual(cache.metadata, METADATA);
    assert.equal(await contents(await cache.find(layerOf('tar').diffId, ctx)), 'tar');
  });

  for (const [what, spoil] of [
    ['not JSON', (path: string): void => writeFileSync(path, '{"buildpacks":[')],
    ['a directory', (path: string): unknown => mkdirSync(path)],
  ] as const) {
    it(`takes metadata of the Go lifecycle that is ${what} as none, and says so (R-22)`, async (t) => {
      const ctx = testContext(t);
      const directory = temporaryDirectory(t);
      goVolume(directory, 'committed', ['tar']);
      const metadata = join(directory, 'committed/io.buildpacks.lifecycle.cache.metadata');
      rmSync(metadata, { force: true });
      spoil(metadata);
      const tar = join(directory, 'committed', `${layerOf('tar').diffId}.tar`);
      rmSync(tar);
      mkdirSync(tar);
      const cache = await openFolderCache(directory, ctx);
      assert.equal(cache.metadata, undefined);
      assert.equal(await cache.find(layerOf('tar').diffId, ctx), undefined);
      const warnings = ctx.events.flatMap((event) => (event.type === 'warning' ? [event] : []));
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ['CACHE_IGNORED'],
      );
      assert.ok(warnings[0]?.message.includes(`is not used: `) && warnings[0].message.includes(metadata));
    });
  }

  it('collects blobs that nothing names and that are old, and nothing else', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    const store = await openFolderLayerStore(directory, ctx);
    await store.add(layerOf('launch'), ctx);
    await commitLayers(t, directory, ['old root']);
    const unfinished = await openFolderCache(directory, ctx);
    for (const name of ['abandoned', 'fresh']) await unfinished.add(layerOf(name), ctx);
    writeFileSync(join(directory, 'blobs/sha256/.blob.1-dead.tmp'), 'half');
    const longAgo = new Date(ctx.clock.now().getTime() - 25 * 60 * 60 * 1000);
    for (const path of ['launch', 'abandoned'].map((name) => blobPath(directory, name)))
      utimesSync(path, longAgo, longAgo);
    utimesSync(join(directory, 'blobs/sha256/.blob.1-dead.tmp'), longAgo, longAgo);
    await commitLayers(t, directory, ['new root']);
    const left = readdirSync(join(directory, 'blobs/sha256')).sort();
    const expected = ['launch', 'old root', 'fresh', 'new root'].map((name) => hexOf(layerOf(name).descriptor.digest));
    assert.deepEqual(left, expected.sort());
  });
});

describe('one folder as cache and launch cache', () => {
  it('keeps a layer of both once', async (t) => {
    const ctx = testContext(t);
    const directory = join(temporaryDirectory(t), 'cache');
    const [cache, store] = [await openFolderCache(directory, ctx), await openFolderLayerStore(directory, ctx)];
    await store.add(layerOf('both'), ctx);
    await cache.add(layerOf('both'), ctx);
    await cache.commit('{}', ctx);
    assert.equal(readdirSync(join(directory, 'blobs/sha256')).length, 1);
    const again = await openFolderLayerStore(directory, ctx);
    assert.equal(await contents(await again.find(layerOf('both').diffId, ctx)), 'both');
    assert.equal(await again.find(layerOf('never').diffId, ctx), undefined);
  });

  it('takes an unsound record as none', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    const store = await openFolderLayerStore(directory, ctx);
    await store.add(layerOf('x'), ctx);
    const [record = ''] = readdirSync(join(directory, 'diffs/sha256'));
    writeFileSync(join(directory, 'diffs/sha256', record), '{"mediaType":');
    assert.equal(await store.find(layerOf('x').diffId, ctx), undefined);
    await store.add(layerOf('x'), ctx);
    assert.equal(await contents(await store.find(layerOf('x').diffId, ctx)), 'x');
  });

  it('finds launch tars that the Go lifecycle left', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    goVolume(directory, 'committed', ['launch tar']);
    const store = await openFolderLayerStore(directory, ctx);
    assert.equal(await contents(await store.find(layerOf('launch tar').diffId, ctx)), 'launch tar');
  });
});

describe('the collection of a cache folder', () => {
  it('removes nothing while it cannot read what names the blobs, and does not fail the commit', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    const layer = layerOf('old and named by nobody we can read');
    {
      await using cache = await openFolderCache(directory, ctx);
      await cache.add(layer, ctx);
    }
    const blob = join(directory, 'blobs', 'sha256', hexOf(layer.descriptor.digest));
    utimesSync(blob, 0, 0);
    mkdirSync(join(directory, 'roots', 'other.json'));
    {
      await using cache = await openFolderCache(directory, ctx);
      await cache.commit(JSON.stringify(METADATA), ctx);
    }
    assert.ok(readdirSync(join(directory, 'blobs', 'sha256')).includes(hexOf(layer.descriptor.digest)));
    rmSync(join(directory, 'roots', 'other.json'), { recursive: true });
    {
      await using cache = await openFolderCache(directory, ctx);
      await cache.commit(JSON.stringify(METADATA), ctx);
    }
    assert.deepEqual(readdirSync(join(directory, 'blobs', 'sha256')), []);
  });
});

describe('several builds at once on one cache folder (GAP-4)', () => {
  let program = '';
  before(async () => {
    program = join('.build', 'test', 'cache-writer.mjs');
    await build({
      entryPoints: ['test/support/cache-writer.ts'],
      outfile: program,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'es2023',
      logLevel: 'error',
      external: ['undici', 'tar-stream', '@iarna/toml', 'node-forge'],
    });
  });

  it('each ends well and the root is whole, 20 rounds', async (t) => {
    const directory = join(temporaryDirectory(t), 'cache');
    const ctx = testContext(t);
    for (let round = 0; round < 20; round += 1) {
      const names = [`a${String(round)}`, `b${String(round)}`];
      const writers = names.map((name) => start(program, [directory, name, '2']));
      await Promise.all(writers.map((writer) => writer.line('ready')));
      for (const writer of writers) writer.child.stdin?.write('go\n');
      assert.deepEqual(await Promise.all(writers.map((writer) => writer.exit)), [0, 0]);
      const cache = await openFolderCache(directory, ctx);
      const winner = names.find((name) => JSON.stringify(cache.metadata) === JSON.stringify({ by: name }));
      assert.ok(winner !== undefined, JSON.stringify(cache.metadata));
      const store = await openFolderLayerStore(directory, ctx);
      for (const name of names.flatMap((each) => [`${each}-0`, `${each}-1`])) {
        await drain(await store.find(writtenLayer(name).diffId, ctx));
        if (name.startsWith(winner)) await drain(await cache.find(writtenLayer(name).diffId, ctx));
      }
    }
    assert.ok(!ctx.events.some((event) => event.type === 'warning'));
    assert.ok(!readdirSync(join(directory, 'blobs/sha256')).some((name) => name.endsWith('.tmp')));
  });

  it('kill -9 of one leaves the cache of the other complete (R-37)', async (t) => {
    const directory = join(temporaryDirectory(t), 'cache');
    const ctx = testContext(t);
    const [victim, other] = [
      start(program, [directory, 'victim', '2', 'hang']),
      start(program, [directory, 'other', '3']),
    ];
    await Promise.all([victim.line('ready'), other.line('ready')]);
    victim.child.stdin?.write('go\n');
    await victim.line('hanging');
    other.child.stdin?.write('go\n');
    victim.child.kill('SIGKILL');
    assert.equal(await other.exit, 0);
    await victim.exit;
    const cache = await openFolderCache(directory, ctx);
    assert.deepEqual(cache.metadata, { by: 'other' });
    for (const name of ['other-0', 'other-1', 'other-2', 'shared'])
      await drain(await cache.find(writtenLayer(name).diffId, ctx));
    const third = start(program, [directory, 'third', '1']);
    await third.line('ready');
    third.child.stdin?.write('go\n');
    assert.equal(await third.exit, 0);
    assert.deepEqual((await openFolderCache(directory, ctx)).metadata, { by: 'third' });
  });
});

function layerOf(text: string): Layer {
  const bytes = Buffer.from(text);
  return {
    descriptor: {
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: digestOf(bytes),
      size: bytes.byteLength,
    },
    diffId: parseDiffId(digestOf(bytes)),
    origins: [],
    open: () => streamOf(bytes),
  };
}

async function commitLayers(t: TestContext, directory: string, names: readonly string[]): Promise<void> {
  const ctx = testContext(t);
  const cache = await openFolderCache(directory, ctx);
  for (const name of names) await cache.add(layerOf(name), ctx);
  await cache.commit(JSON.stringify(METADATA), ctx);
}

function goVolume(directory: string, folder: string, tars: readonly string[]): void {
  mkdirSync(join(directory, folder), { recursive: true });
  writeFileSync(join(directory, folder, 'io.buildpacks.lifecycle.cache.metadata'), `${JSON.stringify(METADATA)}\n`);
  for (const tar of tars) writeFileSync(join(directory, folder, `${layerOf(tar).diffId}.tar`), tar);
}

function blobPath(directory: string, name: string): string {
  return join(directory, 'blobs/sha256', hexOf(layerOf(name).descriptor.digest));
}

async function contents(layer: Layer | undefined): Promise<string> {
  assert.ok(layer);
  return (await collect(layer.open(), 1000, 'layer')).toString();
}

async function drain(layer: Layer | undefined): Promise<void> {
  assert.ok(layer);
  for await (const chunk of layer.open()) assert.ok(chunk.byteLength > 0);
}

async function failure(promise: Promise<unknown>): Promise<SlipwayError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof SlipwayError, String(error));
    return error;
  }
  return assert.fail('did not fail');
}

interface Writer {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  /** Resolves when the program has printed the line. */
  readonly line: (text: string) => Promise<void>;
}

function start(program: string, args: readonly string[]): Writer {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const printed = new Set<string>();
  const waiting = new Map<string, () => void>();
  createInterface({ input: child.stdout }).on('line', (text) => {
    printed.add(text);
    waiting.get(text)?.();
  });
  return {
    child,
    exit: once(child, 'exit').then(() => child.exitCode),
    line: (text) => new Promise((resolve) => (printed.has(text) ? resolve() : waiting.set(text, resolve))),
  };
}
