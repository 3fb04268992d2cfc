import type { FileHandle } from 'node:fs/promises';
import { SlipwayError } from '../../core/errors.ts';
import { sniffCompression } from '../../layer/sniff.ts';
import type { LayerCompression } from '../../oci/media-types.ts';
import { isTarHeader } from '../../tar/guard.ts';
import { BLOCK_SIZE } from '../../tar/ustar.ts';
import { bytesAt } from './file-range.ts';

/** What an app's archive is. */
export type ArchiveKind = { readonly kind: 'zip' } | { readonly kind: 'tar'; readonly compression: LayerCompression };

/** A zip ends in a record of 22 bytes and a comment of at most 65,535. */
const ZIP_TAIL = 22 + 0xffff;
const ZIP_END: Buffer = Buffer.from('PK\u0005\u0006', 'latin1');
const ZIP_STARTS: readonly string[] = ['PK\u0003\u0004', 'PK\u0005\u0006'];

/** Others, so that the refusal says more than that it is none of ours. */
const OTHERS: readonly (readonly [string, string, string])[] = [
  ['\u00fd7zXZ', 'an xz stream', 'xz -dc FILE | slipway build … --path -'],
  ['BZh', 'a bzip2 stream', 'bzip2 -dc FILE | slipway build … --path -'],
  ["7z\u00bc\u00af'", 'a 7-Zip archive', 'unpack it and name the directory'],
  ['Rar!', 'a RAR archive', 'unpack it and name the directory'],
];

/**
 * What a file is, by its bytes: a zip may have a program in front of it, as a jar that starts by itself. Throws `ARGUMENT_INVALID` naming
 * what it is instead, where that is known.
 */
export async function archiveKind(handle: FileHandle, shown: string): Promise<ArchiveKind> {
  const { size } = await handle.stat();
  const start = await bytesAt(handle, 0, Math.min(size, BLOCK_SIZE));
  const text = start.toString('latin1');
  if (ZIP_STARTS.some((magic) => text.startsWith(magic))) return { kind: 'zip' };
  const compression = sniffCompression(start) ?? (isTarHeader(start) ? 'none' : undefined);
  if (compression !== undefined) return { kind: 'tar', compression };
  const tail = Math.min(size, ZIP_TAIL);
  if ((await bytesAt(handle, size - tail, tail)).includes(ZIP_END)) return { kind: 'zip' };
  const [, what = size === 0 ? 'empty' : 'something else', hint] =
    OTHERS.find(([magic]) => text.startsWith(magic)) ?? [];
  throw new SlipwayError('ARGUMENT_INVALID', `the app ${shown} is no directory, zip or tar: it is ${what}`, {
    details: { file: shown },
    hint: hint ?? 'name a directory, a zip, jar or war, or a tar, which may be compressed with gzip',
  });
}
