import { crc32, constants, deflateRaw } from 'node:zlib';
import { createLimiter } from '../core/limiter.ts';
import { encodeHere } from './deflate/encoder.ts';
import { sharedEncoders } from './deflate/encoder-pool.ts';

/**
 * The compressed form of a layer, by version. Another version may give other blob digests for the same diffID.
 *
 * `slipway-gzip-3`: one gzip member (RFC 1952).
 * - Header, 10 bytes: `1f 8b 08 00`, mtime `00 00 00 00`, XFL (4 at level 1, 2 at level 9, else 0), OS `ff`.
 * - The tar in blocks of exactly 1 MiB by offset; the last block has 1 byte to 1 MiB. Each block is deflated alone, with the 32 KiB of
 *   tar before it as dictionary (none for the first block). All blocks but the last end with an empty stored block on a byte boundary
 *   (a sync flush), the last with the end of the stream, so that the blocks side by side are one deflate stream.
 * - Level 1 is made by our own encoder (assembly/deflate), levels 2 to 9 by zlib (window 15, memLevel 9, default strategy).
 * - Trailer: CRC-32 and length modulo 2^32 of the tar, little endian.
 *
 * At level 1 the bytes depend on the tar alone: they are the same with every version of Node, on every machine, with any number of
 * threads. At the other levels they depend on the zlib build too.
 */
export const BLOCK_FORMAT: string = 'slipway-gzip-3';

export const GZIP_BLOCK_SIZE: number = 1024 * 1024;
export const GZIP_DICTIONARY_SIZE: number = 32 * 1024;

/** Room for a whole block's output, so that one block is one job of the thread pool whatever it holds. */
const OUTPUT_SIZE = GZIP_BLOCK_SIZE + 16 * 1024;

/** A stream of fewer bytes is deflated at once: that takes less time than to start a thread. */
const SMALL_STREAM = 128 * 1024;

/** Leaves threads of Node's pool of four to name look-ups and file callbacks. */
const zlibJobs = createLimiter(3);

export interface DeflateJob {
  readonly data: Uint8Array;
  /** The bytes before `data`; empty for the first block. Neither may change until the job is done. */
  readonly dictionary: Uint8Array;
  readonly level: number;
  readonly isLast: boolean;
}

/** Deflates one block, on another thread unless it is a small stream of its own. */
export async function deflateBlock(job: DeflateJob): Promise<Uint8Array> {
  if (job.level !== 1) return await zlibJobs.run(() => zlibDeflate(job));
  const { data, dictionary, isLast } = job;
  if (isLast && dictionary.length === 0 && data.length < SMALL_STREAM) return encodeHere(job);
  return await sharedEncoders().encode({ data, dictionary, isLast });
}

/** Takes what `deflateBlock` gave once nobody reads it any more. */
export function releaseBlock(bytes: Uint8Array): void {
  sharedEncoders().release(bytes);
}

export function gzipHeader(level: number): Uint8Array {
  const speed = level === 1 ? 4 : level === 9 ? 2 : 0;
  return Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, speed, 0xff);
}

export function gzipTrailer(crc: number, tarSize: number): Uint8Array {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc >>> 0, 0);
  trailer.writeUInt32LE(tarSize >>> 0, 4);
  return trailer;
}

/** CRC-32 of `bytes` after what gave `previous` (0 at the start). */
export function nextCrc(bytes: Uint8Array, previous: number): number {
  return crc32(bytes, previous);
}

function zlibDeflate(job: DeflateJob): Promise<Uint8Array> {
  const options = {
    level: job.level,
    memLevel: 9,
    chunkSize: OUTPUT_SIZE,
    finishFlush: job.isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    ...(job.dictionary.length === 0 ? {} : { dictionary: job.dictionary }),
  };
  return new Promise((resolve, reject) => {
    deflateRaw(job.data, options, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}
