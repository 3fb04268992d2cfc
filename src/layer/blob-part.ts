import { digester, type Digest } from '../oci/digest.ts';
import type { StagedBlob } from '../ports/store.ts';
import { openCodec, type BlockCodec, type TarBlock } from './block-codec.ts';
import type { Compression } from './compression.ts';
import type { SlabPool } from './slab.ts';

interface BlobResult {
  readonly digest: Digest;
  /** Bytes of the blob. */
  readonly size: number;
}

/** A blob in the making: takes the tar's blocks in order, compresses them on other threads, hashes and writes them in order. */
export interface BlobPart {
  /** Waits for its turn; `done` is called once nothing reads the block any more. Throws what failed before. */
  readonly add: (block: TarBlock, done: () => void) => Promise<void>;
  /** After the last block, when everything is written. Throws what failed. */
  readonly end: () => Promise<void>;
  /** Waits until nothing reads a block any more; never throws. */
  readonly settle: () => Promise<void>;
  /** After `end`. */
  readonly result: (tarDigest: Digest) => BlobResult;
}

export function openBlobPart(staged: StagedBlob, compression: Compression, slabs: SlabPool): BlobPart {
  const codec = openCodec(compression);
  return codec === undefined ? plainPart(staged) : codecPart(staged, codec, slabs);
}

function plainPart(staged: StagedBlob): BlobPart {
  let size = 0;
  return {
    add: ({ data }, done) => {
      staged.write(data);
      size += data.length;
      done();
      return Promise.resolve();
    },
    end: () => Promise.resolve(),
    settle: () => Promise.resolve(),
    result: (digest) => ({ digest, size }),
  };
}

function codecPart(staged: StagedBlob, codec: BlockCodec, slabs: SlabPool): BlobPart {
  const hash = digester();
  let size = 0;
  let hasFailed = false;
  /** Everything before is written; each block waits for the one before it. */
  let drained: Promise<void> = Promise.resolve();

  const put = (bytes: Uint8Array): void => {
    hash.update(bytes);
    staged.write(bytes);
    size += bytes.length;
  };
  const drain = async (before: Promise<void>, job: Promise<Uint8Array>, done: () => void): Promise<void> => {
    const [compressed] = await Promise.allSettled([job, before]);
    slabs.leave();
    done();
    await before;
    if (compressed.status === 'rejected') throw compressed.reason;
    put(compressed.value);
    codec.release(compressed.value);
  };
  put(codec.header);
  return {
    add: async (block, done) => {
      const { begin, readsBlock } = codec.encode(block);
      if (!readsBlock) done();
      if (begin === undefined) return;
      if (hasFailed) await drained;
      await slabs.enter();
      drained = drain(drained, begin(), readsBlock ? done : () => undefined);
      // Thrown by the next `add` or by `end`; until then nobody else listens.
      drained.catch(() => (hasFailed = true));
    },
    end: async () => {
      await drained;
      put(codec.trailer());
    },
    settle: () => drained.catch(() => undefined),
    result: () => ({ digest: hash.digest(), size }),
  };
}
