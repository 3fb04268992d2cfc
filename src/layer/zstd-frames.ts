import * as zlib from 'node:zlib';
import { messageOf, SlipwayError } from '../core/errors.ts';

/**
 * The zstd form of a layer, by version. Another version may give other blob digests for the same diffID.
 *
 * `slipway-zstd-1`: frames side by side (RFC 8878 §3.1), each of exactly 4 MiB of tar by offset; the last has 1 byte to 4 MiB. Each
 * frame is compressed alone with the parameters of its level, has its content size in its header and no checksum: the blob's digest
 * covers it.
 *
 * The bytes depend on the tar, the level and the zstd build only: neither on the number of threads nor on frames in flight.
 */
export const FRAME_FORMAT: string = 'slipway-zstd-1';

/**
 * Frames of 1 MiB are a tenth larger at level 3, of 8 MiB two hundredths smaller (node_modules); a frame and its output are in memory
 * for each job.
 */
export const FRAME_SIZE: number = 4 * 1024 * 1024;

/** Room for a whole frame's output (ZSTD_compressBound), so that one frame is one job of the thread pool whatever it holds. */
const OUTPUT_SIZE = FRAME_SIZE + FRAME_SIZE / 256 + 4096;

/** Parameter of RFC 8878's reference library, for Nodes whose types do not know it. */
const COMPRESSION_LEVEL = 100;

/** Node has it from 22.15 (22.x) and 23.8. */
export function hasZstd(): boolean {
  return typeof Reflect.get(zlib, 'zstdCompress') === 'function';
}

/** Throws `NOT_SUPPORTED` (exit 3) on a Node without zstd. */
export function requireZstd(subject: string): void {
  if (hasZstd()) return;
  throw new SlipwayError('NOT_SUPPORTED', `${subject} needs Node 22.15 or newer; this is ${process.version}`, {
    exit: 3,
    hint: 'use gzip, gzip:1 to gzip:9, or none',
  });
}

/** Compresses one frame on the thread pool; `data` may not change until it is done. */
export function compressFrame(data: Uint8Array, level: number): Promise<Uint8Array> {
  const options = {
    chunkSize: OUTPUT_SIZE,
    pledgedSrcSize: data.length,
    params: { [COMPRESSION_LEVEL]: level },
  };
  return new Promise((resolve, reject) => {
    const done = (error: unknown, result: unknown): void => {
      if (result instanceof Uint8Array) resolve(result);
      else reject(error instanceof Error ? error : new Error(messageOf(error)));
    };
    const compress: unknown = Reflect.get(zlib, 'zstdCompress');
    if (typeof compress !== 'function') requireZstd('compression with zstd');
    else Reflect.apply(compress, zlib, [data, options, done]);
  });
}
