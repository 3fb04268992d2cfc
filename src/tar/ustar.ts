/** The fields of one 512-byte ustar block, as written: names cut to fit, numbers in range (POSIX.1-1988; contract §14.2). */
export interface UstarFields {
  /** Latin-1 text: one character a byte. */
  readonly name: string;
  readonly prefix: string;
  readonly linkname: string;
  readonly typeflag: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly devMajor: number;
  readonly devMinor: number;
}

export const BLOCK_SIZE = 512;
/** Largest number of an 8-byte field (uid, gid, device numbers). */
export const MAX_OCTAL_7 = 0o7777777;
/** Largest number of a 12-byte field (size, mtime). */
export const MAX_OCTAL_11 = 0o77777777777;

const ZERO = 0x30;
const SPACE = 0x20;

/** Writes one block at `offset`. `device: 'absent'` leaves the device fields NUL, as Go does in extended headers. */
export function writeUstar(
  target: Buffer,
  offset: number,
  fields: UstarFields,
  options: { readonly device?: 'absent' } = {},
): void {
  target.fill(0, offset, offset + BLOCK_SIZE);
  text(target, offset, 100, fields.name);
  octal(target, offset + 100, 8, fields.mode);
  octal(target, offset + 108, 8, fields.uid);
  octal(target, offset + 116, 8, fields.gid);
  octal(target, offset + 124, 12, fields.size);
  octal(target, offset + 136, 12, fields.mtime);
  target[offset + 156] = fields.typeflag;
  text(target, offset + 157, 100, fields.linkname);
  text(target, offset + 257, 8, 'ustar\u000000');
  if (options.device !== 'absent') {
    octal(target, offset + 329, 8, fields.devMajor);
    octal(target, offset + 337, 8, fields.devMinor);
  }
  text(target, offset + 345, 155, fields.prefix);
  writeChecksum(target, offset);
}

/** Sums the block with its checksum field as spaces and writes six digits, NUL, space. */
export function writeChecksum(target: Buffer, offset: number): void {
  octal(target, offset + 148, 7, checksums(target, offset).unsigned);
  target[offset + 155] = SPACE;
}

/** Both sums that a header may carry: some old tools added signed bytes. */
export function checksums(block: Uint8Array, offset: number): { readonly unsigned: number; readonly signed: number } {
  let unsigned = 8 * SPACE;
  let high = 0;
  for (let index = offset; index < offset + BLOCK_SIZE; index += 1) {
    if (index === offset + 148) index += 8;
    const byte = block[index] ?? 0;
    unsigned += byte;
    if (byte > 127) high += 1;
  }
  return { unsigned, signed: unsigned - 256 * high };
}

/** One byte a character; a loop, since `Buffer.write` costs more than all the rest of a header. */
function text(target: Buffer, offset: number, length: number, value: string): void {
  const end = Math.min(length, value.length);
  for (let index = 0; index < end; index += 1) target[offset + index] = value.charCodeAt(index);
}

/** Zero-padded octal of `length - 1` digits and a NUL. */
function octal(target: Buffer, offset: number, length: number, value: number): void {
  let rest = value;
  for (let index = offset + length - 2; index >= offset; index -= 1) {
    const next = Math.floor(rest / 8);
    target[index] = ZERO + (rest - next * 8);
    rest = next;
  }
  target[offset + length - 1] = 0;
}
