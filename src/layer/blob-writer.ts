import { digester, type Digest } from '../oci/digest.ts';
import type { BlobPart } from './blob-part.ts';
import { GZIP_BLOCK_SIZE, GZIP_DICTIONARY_SIZE } from './gzip-blocks.ts';
import type { Slab, SlabPool } from './slab.ts';
import type { SlabSink } from './tar-writer.ts';

/** A sink that hashes the tar once and hands each block to every blob that is made of it. */
export interface BlobWriter extends SlabSink {
  /** The tar's digest, after `end`. */
  readonly result: () => Digest;
  /** Waits until no job reads a slab any more, and gives them back; never throws. */
  readonly close: () => Promise<void>;
}

export function openBlobWriter(parts: readonly BlobPart[], slabs: SlabPool): BlobWriter {
  const tarHash = digester();
  const own = new Set<Slab>();
  let isFirst = true;

  const take = (): Slab => {
    const slab = slabs.take();
    own.add(slab);
    return slab;
  };
  /** Hands the block to every part; the slab goes back when the last of them has read it. */
  const add = async (slab: Slab, length: number, isLast: boolean): Promise<void> => {
    const data = slab.data.subarray(0, length);
    const block = { data, dictionary: isFirst ? new Uint8Array(0) : slab.dictionary, isLast };
    isFirst = false;
    tarHash.update(data);
    let readers = parts.length;
    const done = (): void => {
      readers -= 1;
      if (readers === 0 && own.delete(slab)) slabs.give(slab);
    };
    for (const part of parts) await part.add(block, done);
  };

  return {
    first: take,
    next: async (full) => {
      // Before a job may give the slab away.
      const next = take();
      full.data.copy(next.dictionary, 0, GZIP_BLOCK_SIZE - GZIP_DICTIONARY_SIZE);
      await add(full, full.data.length, false);
      return next;
    },
    end: async (last, length) => {
      await add(last, length, true);
      for (const part of parts) await part.end();
    },
    result: () => tarHash.digest(),
    close: async () => {
      await Promise.all(parts.map((part) => part.settle()));
      for (const slab of own) slabs.give(slab);
      own.clear();
    },
  };
}
