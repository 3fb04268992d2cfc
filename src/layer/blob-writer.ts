import { digester, parseDiffId, type DiffId, type Digest } from '../oci/digest.ts';
import type { StagedBlob } from '../ports/store.ts';
import type { Compression } from './compression.ts';
import {
  deflateBlock,
  gzipHeader,
  gzipTrailer,
  nextCrc,
  GZIP_BLOCK_SIZE,
  GZIP_DICTIONARY_SIZE,
} from './gzip-blocks.ts';
import type { Slab, SlabPool } from './slab.ts';
import type { SlabSink } from './tar-writer.ts';

/** What is known once all bytes are through. */
interface WrittenBlob {
  readonly diffId: DiffId;
  readonly digest: Digest;
  /** Bytes of the blob. */
  readonly size: number;
}

/** A sink that makes a blob of the tar: hashed, compressed on the thread pool, hashed again, written in order. */
export interface BlobWriter extends SlabSink {
  /** After `end`. */
  readonly result: () => WrittenBlob;
  /** Waits until no job reads a slab any more, and gives them back; never throws. */
  readonly close: () => Promise<void>;
}

export function openBlobWriter(staged: StagedBlob, compression: Compression, slabs: SlabPool): BlobWriter {
  return compression.codec === 'none' ? plainWriter(staged, slabs) : gzipWriter(staged, compression.level, slabs);
}

function plainWriter(staged: StagedBlob, slabs: SlabPool): BlobWriter {
  const hash = digester();
  let size = 0;
  const slab = slabs.take();
  const put = (bytes: Uint8Array): void => {
    hash.update(bytes);
    staged.write(bytes);
    size += bytes.length;
  };
  return {
    first: () => slab,
    next: (full) => {
      put(full.data);
      return Promise.resolve(full);
    },
    end: (last, length) => {
      put(last.data.subarray(0, length));
      return Promise.resolve();
    },
    result: () => {
      const digest = hash.digest();
      return { diffId: parseDiffId(digest), digest, size };
    },
    close: () => {
      slabs.give(slab);
      return Promise.resolve();
    },
  };
}

function gzipWriter(staged: StagedBlob, level: number, slabs: SlabPool): BlobWriter {
  const tarHash = digester();
  const blobHash = digester();
  let crc = 0;
  let tarSize = 0;
  let size = 0;
  let hasFailed = false;
  const own = new Set<Slab>();
  /** Everything before is written; each block waits for the one before it. */
  let drained: Promise<void> = Promise.resolve();

  const take = (): Slab => {
    const slab = slabs.take();
    own.add(slab);
    return slab;
  };
  const put = (bytes: Uint8Array): void => {
    blobHash.update(bytes);
    staged.write(bytes);
    size += bytes.length;
  };
  const drain = async (before: Promise<void>, job: Promise<Uint8Array>, slab: Slab): Promise<void> => {
    const [compressed] = await Promise.allSettled([job, before]);
    slabs.leave();
    own.delete(slab);
    slabs.give(slab);
    await before;
    if (compressed.status === 'rejected') throw compressed.reason;
    put(compressed.value);
  };
  /** Hashes a block and waits for its place; nothing reads the slab before `start`. */
  const prepare = async (slab: Slab, length: number): Promise<void> => {
    const data = slab.data.subarray(0, length);
    tarHash.update(data);
    crc = nextCrc(data, crc);
    if (hasFailed) await drained;
    await slabs.enter();
  };
  const start = (slab: Slab, length: number, finish: 'more' | 'last'): void => {
    const data = slab.data.subarray(0, length);
    const dictionary = tarSize === 0 ? new Uint8Array(0) : slab.dictionary;
    tarSize += length;
    drained = drain(drained, deflateBlock({ data, dictionary, level, isLast: finish === 'last' }), slab);
    // Thrown by the next `prepare` or by `end`; until then nobody else listens.
    drained.catch(() => (hasFailed = true));
  };

  put(gzipHeader(level));
  return {
    first: take,
    next: async (full) => {
      await prepare(full, full.data.length);
      const next = take();
      full.data.copy(next.dictionary, 0, GZIP_BLOCK_SIZE - GZIP_DICTIONARY_SIZE);
      start(full, full.data.length, 'more');
      return next;
    },
    end: async (last, length) => {
      await prepare(last, length);
      start(last, length, 'last');
      await drained;
      put(gzipTrailer(crc, tarSize));
    },
    result: () => ({ diffId: parseDiffId(tarHash.digest()), digest: blobHash.digest(), size }),
    close: async () => {
      await drained.catch(() => undefined);
      for (const slab of own) slabs.give(slab);
      own.clear();
    },
  };
}
