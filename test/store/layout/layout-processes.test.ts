import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { before, describe, it } from 'node:test';
import { build } from 'esbuild';
import { putImage } from '../../../src/store/copy.ts';
import { openLayout } from '../../../src/store/layout/layout-source.ts';
import { openLayoutSink } from '../../../src/store/layout/layout-sink.ts';
import { validateStore } from '../../../src/store/validate.ts';
import { temporaryDirectory, testContext } from '../../support/context.ts';
import { imageOf } from '../../support/images.ts';
import { NODE } from '../../support/program.ts';

const PROGRAM = join('.build', 'test', 'layout-writer.mjs');

type Child = ChildProcessByStdio<Writable, Readable, null>;

interface Writer {
  readonly child: Child;
  /** Waits until the process has printed the word. */
  readonly said: (word: string) => Promise<void>;
}

async function start(directory: string, name: string, mode?: string): Promise<Writer> {
  const args = [PROGRAM, directory, name, ...(mode === undefined ? [] : [mode])];
  const child = spawn(NODE, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const said = async (word: string): Promise<void> => {
    while (!text.includes(word)) await Promise.race([once(child.stdout, 'data'), ended(child, word)]);
  };
  await said('ready');
  return { child, said };
}

async function ended(child: Child, word: string): Promise<never> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  throw new Error(`the process ended before it said ${word}`);
}

async function finish({ child }: Writer): Promise<void> {
  const exit = once(child, 'exit');
  child.stdin.write('go\n');
  const [code] = (await exit) as [number | null];
  assert.equal(code, 0);
}

async function kill({ child, said }: Writer): Promise<void> {
  child.stdin.write('go\n');
  await said('hanging');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function leftovers(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tmp|lock/.test(name));
}

describe('a layout that several processes write', () => {
  before(async () => {
    await build({
      entryPoints: ['test/support/layout-writer.ts'],
      outfile: PROGRAM,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'es2023',
      packages: 'external',
    });
  });

  it('eight at once: all eight names are there', async (t) => {
    const ctx = testContext(t);
    const directory = join(temporaryDirectory(t), 'out');
    const names = Array.from({ length: 8 }, (_, at) => `name-${String(at)}`);
    const writers = await Promise.all(names.map((name) => start(directory, name)));
    await Promise.all(writers.map(finish));
    const entries = await openLayout(directory).list(ctx);
    assert.deepEqual(entries.map((entry) => entry.name).sort(), names);
    assert.deepEqual(await validateStore(openLayout(directory), ctx), []);
    assert.deepEqual(leftovers(directory), []);
  });

  it('killed in the middle of a blob: the layout is as before, and the next save clears up', async (t) => {
    const ctx = testContext(t);
    const directory = join(temporaryDirectory(t), 'out');
    await finish(await start(directory, 'first'));
    const before = readFileSync(join(directory, 'index.json'), 'utf8');
    await kill(await start(directory, 'second', 'hang-blob'));
    assert.equal(readFileSync(join(directory, 'index.json'), 'utf8'), before);
    assert.deepEqual(await validateStore(openLayout(directory), ctx), []);
    assert.equal(leftovers(directory).length, 1);
    await finish(await start(directory, 'second'));
    assert.deepEqual(leftovers(directory), []);
    assert.equal((await openLayout(directory).list(ctx)).length, 2);
  });

  it('killed while it held the lock: the next save does not wait', async (t) => {
    const ctx = testContext(t);
    const directory = join(temporaryDirectory(t), 'out');
    await kill(await start(directory, 'first', 'hang-lock'));
    assert.deepEqual(readdirSync(directory).includes('.slipway-lock'), true);
    await using sink = await openLayoutSink(directory, 'second', ctx);
    await putImage(imageOf('linux/amd64'), sink, ctx);
    await sink.commit(ctx);
    assert.deepEqual(leftovers(directory), []);
    assert.deepEqual(await validateStore(openLayout(directory), ctx), []);
  });

  it('killed at any instant: sound before the next save, complete and tidy after it', async (t) => {
    const ctx = testContext(t);
    const directory = join(temporaryDirectory(t), 'out');
    await finish(await start(directory, 'first'));
    for (const ms of [0, 3, 6, 9, 12, 16, 20, 25, 35]) {
      const { child } = await start(directory, 'second');
      const exit = once(child, 'exit');
      child.stdin.write('go\n');
      await new Promise((resolve) => setTimeout(resolve, ms));
      child.kill('SIGKILL');
      await exit;
      assert.deepEqual(await validateStore(openLayout(directory), ctx), [], `killed after ${String(ms)} ms`);
    }
    await finish(await start(directory, 'second'));
    const names = (await openLayout(directory).list(ctx)).map(({ name }) => name);
    assert.deepEqual(names, ['first', 'second']);
    assert.deepEqual(leftovers(directory), []);
    assert.equal(readdirSync(join(directory, 'blobs', 'sha256')).length, 7);
  });

  it('a blob that another process is writing is left alone', async (t) => {
    const ctx = testContext(t);
    const directory = join(temporaryDirectory(t), 'out');
    const writer = await start(directory, 'slow', 'hang-blob');
    t.after(() => writer.child.kill('SIGKILL'));
    writer.child.stdin.write('go\n');
    await writer.said('hanging');
    const sink = await openLayoutSink(directory, 'other', ctx);
    assert.equal(leftovers(directory).length, 1);
    await sink[Symbol.asyncDispose]();
  });
});
