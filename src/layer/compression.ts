import { SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { compressionOf } from '../oci/media-types.ts';
import { requireZstd } from './zstd-frames.ts';

export { BLOCK_FORMAT } from './gzip-blocks.ts';

/** How a layer's tar becomes a blob. */
export type Compression = { readonly codec: 'gzip' | 'zstd'; readonly level: number } | { readonly codec: 'none' };

/** Level 1: as the Go tools, by our own encoder: several times as fast as level 6, and the same bytes on every machine (decision 0023). */
export const DEFAULT_COMPRESSION: Compression = { codec: 'gzip', level: 1 };

/** What `zstd` without a level is: zstd's own default. */
const ZSTD_LEVEL = 3;

const WAYS = 'use gzip, gzip:1 to gzip:9, zstd, zstd:1 to zstd:19, or none';

/**
 * Reads `gzip`, `gzip:N` (1 to 9), `zstd`, `zstd:N` (1 to 19) or `none`. Throws `ARGUMENT_INVALID` (exit 3), and `NOT_SUPPORTED` (exit
 * 3) for zstd on a Node without it.
 */
export function parseCompression(text: string): Compression {
  const compression = read(text);
  if (compression === undefined)
    throw new SlipwayError('ARGUMENT_INVALID', `"${text.slice(0, 80)}" is not a compression`, { exit: 3, hint: WAYS });
  if (compression.codec === 'zstd') requireZstd(`compression "${text}"`);
  return compression;
}

/** As `parseCompression` reads it. */
export function formatCompression(compression: Compression): string {
  return compression.codec === 'none' ? 'none' : `${compression.codec}:${String(compression.level)}`;
}

/**
 * Whether a blob that exists is what all of these ask for: gzip is also what nobody asked for, so that any blob will do for it; zstd and
 * none are meant. Levels are not compared: no blob tells its own.
 */
export function fitsAll(compressions: readonly Compression[]): (descriptor: Descriptor) => boolean {
  const meant = compressions.map(({ codec }) => codec).filter((codec) => codec !== 'gzip');
  return ({ mediaType }) => meant.every((codec) => codec === compressionOf(mediaType));
}

function read(text: string): Compression | undefined {
  if (text === 'none') return { codec: 'none' };
  if (text === 'gzip') return DEFAULT_COMPRESSION;
  if (text === 'zstd') return { codec: 'zstd', level: ZSTD_LEVEL };
  const gzip = /^gzip:([1-9])$/.exec(text)?.[1];
  if (gzip !== undefined) return { codec: 'gzip', level: Number(gzip) };
  const zstd = /^zstd:([1-9]|1[0-9])$/.exec(text)?.[1];
  return zstd === undefined ? undefined : { codec: 'zstd', level: Number(zstd) };
}
