import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Layer } from '../../src/ports/blob.ts';
import { unpackLayers } from '../../src/rootfs/unpack.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { archive, entry, layerOf } from '../support/tar.ts';

const ORIGIN = { registry: 'registry.example', repository: 'base' };

describe('the layers of an image from a registry', () => {
  it('come while the first is unpacked, two ahead and no more, and lie on each other in their order', async (t) => {
    const { ctx, root } = scene(t);
    const opened: number[] = [];
    const layers = ['a', 'b', 'c', 'd'].map((body, index) => {
      const layer = remote(body);
      return {
        ...layer,
        open: async function* (signal?: AbortSignal) {
          opened.push(index);
          if (index === 0) await reached(() => opened.length === 3);
          yield* layer.open(signal);
        },
      };
    });
    await unpackLayers(layers, root, ctx);
    assert.deepEqual(
      [opened.slice(0, 3).sort(), opened],
      [
        [0, 1, 2],
        [...opened.slice(0, 3), 3],
      ],
    );
    assert.equal(readFileSync(join(root, 'same'), 'utf8'), 'd');
    assert.deepEqual(readdirSync(ctx.tmp), []);
  });

  it('are not opened ahead of their turn when they lie on this machine', async (t) => {
    const { ctx, root } = scene(t);
    let open = 0;
    const layers = ['a', 'b'].map((body) => {
      const layer = { ...remote(body), origins: [] };
      return {
        ...layer,
        open: async function* () {
          open += 1;
          assert.equal(open, 1);
          yield* layer.open();
          open -= 1;
        },
      };
    });
    await unpackLayers(layers, root, ctx);
  });

  it('fail in their order, whichever failed first, and stop the others and leave nothing', async (t) => {
    const { ctx, root } = scene(t);
    let isStopped = false;
    const failing = (message: string): Layer => ({
      ...remote('x'),
      // eslint-disable-next-line require-yield -- it fails before it has bytes
      open: async function* () {
        await Promise.resolve();
        throw new Error(message);
      },
    });
    const endless: Layer = {
      ...remote('y'),
      open: async function* (signal?: AbortSignal) {
        yield Buffer.alloc(10);
        await reached(() => signal?.aborted === true);
        isStopped = true;
        signal?.throwIfAborted();
      },
    };
    await assert.rejects(unpackLayers([remote('a'), failing('second'), endless], root, ctx), { message: 'second' });
    assert.equal(isStopped, true);
    assert.deepEqual(readdirSync(ctx.tmp), []);
  });

  it('are checked against their digests', async (t) => {
    const { ctx, root } = scene(t);
    const wrong = { ...remote('b'), open: () => remote('c').open() };
    await assert.rejects(unpackLayers([remote('a'), wrong], root, ctx), { code: 'CONTENT_MISMATCH' });
    assert.deepEqual(readdirSync(ctx.tmp), []);
  });
});

function scene(t: TestContext): { readonly ctx: TestContextOf; readonly root: string } {
  const root = join(temporaryDirectory(t), 'root');
  mkdirSync(root);
  return { ctx: testContext(t), root };
}

function remote(body: string): Layer {
  return { ...layerOf(archive(entry({ name: 'same', body }))), origins: [ORIGIN] };
}

/** Lets the rest of the program go on until something is so. */
async function reached(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
