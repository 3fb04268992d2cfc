import { crc32, constants, deflateRaw } from 'node:zlib';

/**
 * The compressed form of a layer, by version. Another version may give other blob digests for the same diffID.
 *
 * `slipway-gzip-2`: one gzip member (RFC 1952).
 * - Header, 10 bytes: `1f 8b 08 00`, mtime `00 00 00 00`, XFL (4 at level 1, 2 at level 9, else 0), OS `ff`.
 * - The tar in blocks of exactly 1 MiB by offset; the last block has 1 byte to 1 MiB. Each block is deflated alone (zlib, window 15,
 *   memLevel 9, default strategy) with the 32 KiB of tar before it as dictionary (none for the first block). All blocks but the last
 *   end with `Z_SYNC_FLUSH`, the last with `Z_FINISH`, so that the blocks side by side are one deflate stream.
 * - Trailer: CRC-32 and length modulo 2^32 of the tar, little endian.
 *
 * The bytes depend on the tar, the level and the zlib build only: neither on the number of threads nor on blocks in flight.
 */
export const BLOCK_FORMAT: string = 'slipway-gzip-2';

export const GZIP_BLOCK_SIZE: number = 1024 * 1024;
export const GZIP_DICTIONARY_SIZE: number = 32 * 1024;

/** Room for a whole block's output, so that one block is one job of the thread pool whatever it holds. */
const OUTPUT_SIZE = GZIP_BLOCK_SIZE + 16 * 1024;

export interface DeflateJob {
  readonly data: Uint8Array;
  /** The bytes before `data`; empty for the first block. Neither may change until the job is done. */
  readonly dictionary: Uint8Array;
  readonly level: number;
  readonly isLast: boolean;
}

/** Deflates one block on the thread pool. */
export function deflateBlock(job: DeflateJob): Promise<Uint8Array> {
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
