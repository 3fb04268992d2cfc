import type { Context } from '../../src/core/context.ts';
import { withContext } from '../../src/core/with-context.ts';
import { withLock } from '../../src/core/lock-directory.ts';
import { putImage } from '../../src/store/copy.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { blobOf, imageOf } from './images.ts';

/**
 * A process that saves an image into a layout: `node layout-writer.mjs DIRECTORY NAME [MODE]`. It prints `ready` and waits for a line
 * on standard input. `hang-blob` never ends a blob, `hang-lock` holds the layout's lock for ever; both print `hanging` first.
 */
const [directory = '', name = '', mode] = process.argv.slice(2);

async function main(ctx: Context): Promise<void> {
  process.stdout.write('ready\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  await using sink = await openLayoutSink(directory, name, ctx);
  if (mode === 'hang-blob') {
    const { descriptor } = blobOf(Buffer.alloc(1024), 'application/octet-stream');
    await sink.put({ descriptor, open: hangingStream }, ctx);
  }
  if (mode === 'hang-lock') await withLock(`${directory}/.slipway-lock`, ctx, hang);
  await putImage(imageOf('linux/amd64', { layers: ['shared', `layer of ${name}`] }), sink, ctx);
  await sink.commit(ctx);
  process.stdin.unref();
  process.stdout.write('done\n');
}

async function* hangingStream(): AsyncIterable<Uint8Array> {
  yield Buffer.alloc(100);
  await hang();
}

async function hang(): Promise<void> {
  process.stdout.write('hanging\n');
  await new Promise(() => setInterval(() => undefined, 1000));
}

await withContext({}, main);
