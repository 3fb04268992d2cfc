import type { Compression } from './compression.ts';
import { deflateBlock, gzipHeader, gzipTrailer, nextCrc, releaseBlock } from './gzip-blocks.ts';
import { compressFrame, FRAME_SIZE } from './zstd-frames.ts';

/** A piece of a tar, in order; all but the last are of a slab's size. */
export interface TarBlock {
  readonly data: Uint8Array;
  /** The 32 KiB before `data`; empty for the first block. */
  readonly dictionary: Uint8Array;
  readonly isLast: boolean;
}

/** What a block gives. */
interface Encoding {
  /** Begins a job on another thread for the bytes to write next. Undefined: they come with a later block. */
  readonly begin: (() => Promise<Uint8Array>) | undefined;
  /** Whether that job reads the block; else its memory may be used again at once. */
  readonly readsBlock: boolean;
}

/** One tar on its way through a codec. */
export interface BlockCodec {
  /** Goes before the first block. */
  readonly header: Uint8Array;
  /** To be called in order. */
  readonly encode: (block: TarBlock) => Encoding;
  /** Takes what a job gave once nobody reads it any more. */
  readonly release: (bytes: Uint8Array) => void;
  /** Goes behind the last block. */
  readonly trailer: () => Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** Undefined: the tar's bytes are the blob's. */
export function openCodec(compression: Compression): BlockCodec | undefined {
  switch (compression.codec) {
    case 'none':
      return undefined;
    case 'gzip':
      return gzipCodec(compression.level);
    case 'zstd':
      return zstdCodec(compression.level);
  }
}

function gzipCodec(level: number): BlockCodec {
  let crc = 0;
  let tarSize = 0;
  return {
    header: gzipHeader(level),
    encode: ({ data, dictionary, isLast }) => {
      crc = nextCrc(data, crc);
      tarSize += data.length;
      return { begin: () => deflateBlock({ data, dictionary, level, isLast }), readsBlock: true };
    },
    release: releaseBlock,
    trailer: () => gzipTrailer(crc, tarSize),
  };
}

/** Frames are larger than blocks, which are copied together; a layer of one block is compressed where it is. */
function zstdCodec(level: number): BlockCodec {
  const free: Buffer[] = [];
  let frame: Buffer | undefined;
  let filled = 0;
  return {
    header: NOTHING,
    encode: ({ data, isLast }) => {
      if (frame === undefined && isLast) return { begin: () => compressFrame(data, level), readsBlock: true };
      const target = (frame ??= free.pop() ?? Buffer.allocUnsafeSlow(FRAME_SIZE));
      target.set(data, filled);
      filled += data.length;
      if (filled < FRAME_SIZE && !isLast) return { begin: undefined, readsBlock: false };
      const whole = target.subarray(0, filled);
      frame = undefined;
      filled = 0;
      const begin = (): Promise<Uint8Array> => compressFrame(whole, level).finally(() => free.push(target));
      return { begin, readsBlock: false };
    },
    release: () => undefined,
    trailer: () => NOTHING,
  };
}
