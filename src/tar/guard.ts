import type { SlipwayError } from '../core/errors.ts';
import type { TarEntryType } from './header.ts';
import { BLOCK_SIZE, checksums, writeChecksum } from './ustar.ts';

/** What the blocks that follow a header are. */
type BlockKind =
  | { readonly kind: 'entry'; readonly type: TarEntryType }
  /** A v7 entry: a file, or a directory when its name ends in a slash. */
  | { readonly kind: 'old' }
  | { readonly kind: 'pax' | 'global-pax' | 'long-name' | 'long-link' | 'volume-label' }
  | { readonly kind: 'refused'; readonly reason: string };

export interface GuardedBlock {
  readonly kind: BlockKind;
  /** The size field. */
  readonly size: number;
}

const KINDS: Readonly<Record<string, BlockKind>> = {
  '\0': { kind: 'old' },
  '0': { kind: 'entry', type: 'file' },
  '1': { kind: 'entry', type: 'hardlink' },
  '2': { kind: 'entry', type: 'symlink' },
  '3': { kind: 'entry', type: 'char' },
  '4': { kind: 'entry', type: 'block' },
  '5': { kind: 'entry', type: 'directory' },
  '6': { kind: 'entry', type: 'fifo' },
  '7': { kind: 'entry', type: 'file' },
  x: { kind: 'pax' },
  g: { kind: 'global-pax' },
  L: { kind: 'long-name' },
  K: { kind: 'long-link' },
  V: { kind: 'volume-label' },
  S: { kind: 'refused', reason: 'is a sparse file, which is not supported' },
  D: { kind: 'refused', reason: 'is an incremental dump of a directory, which is not supported' },
  M: { kind: 'refused', reason: 'is a part of a file from another volume, which is not supported' },
  N: { kind: 'refused', reason: 'is an old GNU long-name entry, which is not supported' },
};

const [SPACE, ZERO] = [0x20, 0x30];

/** Throws the reader's error: `<subject>: entry at byte N <problem>`. */
export type Fail = (problem: string) => SlipwayError;

/** Judges a header block before anything decodes it: checksum, type and size. */
export function guardBlock(block: Uint8Array, fail: Fail): GuardedBlock {
  if (!isTarHeader(block)) {
    throw fail('has a wrong header checksum: the tar is damaged, or it is no tar');
  }
  const flag = String.fromCharCode(block[156] ?? 0);
  const kind = KINDS[flag];
  if (kind === undefined) throw fail(`has the unknown file type ${JSON.stringify(flag)}`);
  const size = sizeOf(block, fail);
  return { kind, size };
}

/** Whether a block has the checksum that headers of every tar format have. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < BLOCK_SIZE) return false;
  const sums = checksums(block, 0);
  const stated = octal(block, 148, 8);
  return stated !== undefined && (stated === sums.unsigned || stated === sums.signed);
}

/** The block as the header decoder may see it: size 0, and the checksum of that. */
export function withoutSize(block: Uint8Array): Uint8Array {
  const copy = Buffer.from(block);
  copy.write('00000000000\0', 124, 'latin1');
  writeChecksum(copy, 0);
  return copy;
}

export function isZeroBlock(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

function sizeOf(block: Uint8Array, fail: Fail): number {
  const first = block[124] ?? 0;
  const size = first >= 0x80 ? base256(block.subarray(124, 136)) : octal(block, 124, 12);
  if (size === undefined) throw fail('has a size that is not a number');
  if (size < 0) throw fail('has a negative size');
  if (!Number.isSafeInteger(size + BLOCK_SIZE)) throw fail('has a size that is too large');
  return size;
}

/** Two's complement, big endian; the top bit marks the form, the next one is the sign. */
function base256(field: Uint8Array): number {
  const isNegative = ((field[0] ?? 0) & 0x40) !== 0;
  if (isNegative) return -1;
  let value = (field[0] ?? 0) & 0x3f;
  for (const byte of field.subarray(1)) value = value * 256 + byte;
  return value;
}

/** Octal digits between spaces and NULs, then anything; an empty field is 0. Without a string, since it is read for every entry. */
function octal(block: Uint8Array, offset: number, length: number): number | undefined {
  const end = offset + length;
  let at = offset;
  while (at < end && isBlank(block[at])) at += 1;
  let value = 0;
  for (; at < end && !isBlank(block[at]); at += 1) {
    const digit = (block[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 7) return undefined;
    value = value * 8 + digit;
  }
  return value;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === 0;
}
