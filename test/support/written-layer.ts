import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { digestOf, parseDiffId } from '../../src/oci/digest.ts';
import type { Layer } from '../../src/ports/blob.ts';

/** A layer of 200 kB that depends on its name only; an endless one hangs after its first chunk. */
export function writtenLayer(layerName: string, options: { readonly isEndless?: boolean } = {}): Layer {
  const bytes = Buffer.alloc(200_000, createHash('sha256').update(layerName).digest());
  return {
    descriptor: {
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: digestOf(bytes),
      size: bytes.byteLength,
    },
    diffId: parseDiffId(digestOf(bytes)),
    origins: [],
    open: async function* () {
      for (let start = 0; start < bytes.byteLength; start += 50_000) {
        yield bytes.subarray(start, start + 50_000);
        await delay(options.isEndless === true ? 600_000 : 0);
      }
    },
  };
}
