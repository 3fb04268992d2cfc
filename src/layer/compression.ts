import { SlipwayError } from '../core/errors.ts';

export { BLOCK_FORMAT } from './gzip-blocks.ts';

/** How a layer's tar becomes a blob. */
export type Compression = { readonly codec: 'gzip'; readonly level: number } | { readonly codec: 'none' };

/** Level 1: what the Go tools use, and two and a half times as fast as level 6 for a sixth more bytes. */
export const DEFAULT_COMPRESSION: Compression = { codec: 'gzip', level: 1 };

/** As `parseCompression` reads it: equal for equal ones. */
export function formatCompression(compression: Compression): string {
  return compression.codec === 'none' ? 'none' : `${compression.codec}:${String(compression.level)}`;
}

/** Reads `gzip`, `gzip:N` (1 to 9) or `none`. Throws `ARGUMENT_INVALID`; `NOT_SUPPORTED` for zstd. */
export function parseCompression(text: string): Compression {
  if (text === 'none') return { codec: 'none' };
  if (text === 'gzip') return DEFAULT_COMPRESSION;
  const level = /^gzip:([1-9])$/.exec(text)?.[1];
  if (level !== undefined) return { codec: 'gzip', level: Number(level) };
  if (/^zstd(?::.*)?$/.test(text)) {
    throw new SlipwayError('NOT_SUPPORTED', `compression "${text}" is not supported yet`, {
      exit: 3,
      hint: 'use gzip, gzip:1 to gzip:9, or none',
    });
  }
  throw new SlipwayError('ARGUMENT_INVALID', `"${text.slice(0, 80)}" is not a compression`, {
    hint: 'use gzip, gzip:1 to gzip:9, or none',
  });
}
