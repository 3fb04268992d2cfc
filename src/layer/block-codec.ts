import type { Compression } from './compression.ts';
import { deflateBlock, gzipHeader, gzipTrailer, nextCrc } from './gzip-blocks.ts';

/** A piece of a tar, in order. */
export interface TarBlock {
  readonly data: Uint8Array;
  /** The 32 KiB before `data`; empty for the first block. */
  readonly dictionary: Uint8Array;
  readonly isLast: boolean;
}

/** One tar on its way through a codec. */
export interface BlockCodec {
  /** Goes before the first block. */
  readonly header: Uint8Array;
  /** Begins the block's job on another thread, which reads the block until it is done. To be called in order. */
  readonly encode: (block: TarBlock) => Promise<Uint8Array>;
  /** Goes behind the last block. */
  readonly trailer: () => Uint8Array;
}

/** Undefined: the tar's bytes are the blob's. */
export function openCodec(compression: Compression): BlockCodec | undefined {
  return compression.codec === 'none' ? undefined : gzipCodec(compression.level);
}

function gzipCodec(level: number): BlockCodec {
  let crc = 0;
  let tarSize = 0;
  return {
    header: gzipHeader(level),
    encode: ({ data, dictionary, isLast }) => {
      crc = nextCrc(data, crc);
      tarSize += data.length;
      return deflateBlock({ data, dictionary, level, isLast });
    },
    trailer: () => gzipTrailer(crc, tarSize),
  };
}
