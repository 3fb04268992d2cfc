import type { DecodedHeader } from './header-decoder.ts';

const SPACE = 0x20;
const [ZERO, SEVEN] = [0x30, 0x37];
/** Longest number, in digits, that is certainly exact. */
const MAX_DIGITS = 12;

/**
 * The fields of a ustar or GNU header block whose numbers are plain octal digits, which is nearly every block there is; undefined for
 * any other, which the general decoder judges. Without an allocation but for the names.
 */
export function decodePlainHeader(block: Uint8Array): DecodedHeader | undefined {
  const format = formatOf(block);
  const mode = octal(block, 100, 8);
  const uid = octal(block, 108, 8);
  const gid = octal(block, 116, 8);
  const mtime = octal(block, 136, 12);
  const devMajor = octal(block, 329, 8);
  const devMinor = octal(block, 337, 8);
  if (format === undefined || [mode, uid, gid, mtime, devMajor, devMinor].includes(-1)) return undefined;
  const name = text(block, 0, 100);
  const prefix = format === 'ustar' ? text(block, 345, 155) : '';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkname: text(block, 157, 100),
    ...{ mode, uid, gid, mtime, devMajor, devMinor },
  };
}

/** By magic and version: `ustar\0` and anything, or GNU's `ustar  \0`. */
function formatOf(block: Uint8Array): 'ustar' | 'gnu' | undefined {
  const magic = text(block, 257, 8);
  if (magic === 'ustar') return 'ustar';
  return magic === 'ustar  ' ? 'gnu' : undefined;
}

/** -1 for anything but digits, up to the first space or NUL. An empty field is 0. */
function octal(block: Uint8Array, offset: number, length: number): number {
  if (block[offset] === 0) return block.subarray(offset, offset + length).every((byte) => byte === 0) ? 0 : -1;
  let value = 0;
  for (let index = offset; index < offset + length; index += 1) {
    const byte = block[index] ?? 0;
    if (index > offset && (byte === 0 || byte === SPACE)) return value;
    if (byte < ZERO || byte > SEVEN || index - offset >= MAX_DIGITS) return -1;
    value = value * 8 + byte - ZERO;
  }
  return value;
}

/** Latin-1, up to the first NUL. */
function text(block: Uint8Array, offset: number, length: number): string {
  let end = offset;
  while (end < offset + length && block[end] !== 0) end += 1;
  return Buffer.from(block.buffer, block.byteOffset + offset, end - offset).toString('latin1');
}
