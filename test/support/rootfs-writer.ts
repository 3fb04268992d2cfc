import { systemClock } from '../../src/core/clock.ts';
import type { Context } from '../../src/core/context.ts';
import { withContext } from '../../src/core/with-context.ts';
import type { Layer } from '../../src/ports/blob.ts';
import { openRootfs } from '../../src/rootfs/open-rootfs.ts';
import { readTestImage } from './tar-image.ts';

/**
 * A build as far as unpacked images are concerned: opens the image `test` of a layout, says `unpacked` or `found`, and keeps it until a
 * line comes on standard input. `node rootfs-writer.mjs LAYOUT STORE [CHUNKS]`: with CHUNKS it says `hanging` after that many chunks
 * of layers and never goes on.
 */
const [layout = '', store = '', chunks] = process.argv.slice(2);
let left = chunks === undefined ? Number.POSITIVE_INFINITY : Number(chunks);

async function main(ctx: Context): Promise<void> {
  let word = 'found';
  const told: Context = {
    ...ctx,
    clock: systemClock,
    emit: (event) => {
      if (event.type === 'rootfs.unpacked') word = 'unpacked';
    },
  };
  const image = await readTestImage(layout, told);
  await using rootfs = await openRootfs({ ...image, layers: image.layers.map(slow) }, store, told);
  process.stdout.write(`${word}\n${rootfs.path}\n`);
  await new Promise((resolve) => process.stdin.once('data', resolve));
  process.stdin.unref();
}

/** A layer in small pieces, which stops for ever when the pieces are used up. */
function slow(layer: Layer): Layer {
  return {
    ...layer,
    open: async function* (signal) {
      for await (const bytes of layer.open(signal)) {
        for (let at = 0; at < bytes.length; at += 512) {
          if (left <= 0) {
            process.stdout.write('hanging\n');
            await new Promise(() => setInterval(() => undefined, 1000));
          }
          left -= 1;
          yield bytes.subarray(at, at + 512);
        }
      }
    },
  };
}

await withContext({}, main);
