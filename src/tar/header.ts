import { posix } from 'node:path';
import { SlipwayError } from '../core/errors.ts';
import { BLOCK_SIZE, MAX_OCTAL_11, MAX_OCTAL_7, writeUstar, type UstarFields } from './ustar.ts';

export type TarEntryType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'char' | 'block';

/** One entry's header. Names are bytes; in layers they begin with `/`, and no name ends in one. */
export interface TarHeader {
  readonly name: Uint8Array;
  readonly type: TarEntryType;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the body that follows; 0 unless `type` is file. */
  readonly size: number;
  /** Empty unless symlink or hardlink. */
  readonly linkname: Uint8Array;
  readonly devMajor?: number;
  readonly devMinor?: number;
  /** Seconds since 1970; default `LAYER_MTIME`. */
  readonly mtime?: number;
}

/** 1980-01-01T00:00:01Z: the time of every entry of a layer (contract §14.1). */
const LAYER_MTIME = 315532801;

/** The two zero blocks that end an archive. */
export const END_OF_ARCHIVE: Uint8Array = new Uint8Array(2 * BLOCK_SIZE);

const TYPEFLAGS: Readonly<Record<TarEntryType, number>> = {
  file: 0x30,
  hardlink: 0x31,
  symlink: 0x32,
  char: 0x33,
  block: 0x34,
  directory: 0x35,
  fifo: 0x36,
};
const PAX_TYPEFLAG = 0x78;
const NAME_SIZE = 100;
const PREFIX_SIZE = 155;

/**
 * The header in the very bytes of Go's archive/tar (contract §14.2): one ustar block, or a PAX record block, its padded records and
 * the main block. Throws `ARCHIVE_INVALID` for a name with NUL or a number that no format holds.
 */
export function encodeHeader(header: TarHeader): Uint8Array {
  const fields = fieldsOf(header);
  const records = paxRecords(fields);
  if (records.length > 0) return encodePax(fields, records);
  const block = Buffer.allocUnsafe(BLOCK_SIZE);
  writeUstar(block, 0, splitName(fields));
  return block;
}

/** Writes the header at `offset` if it is a single block, else returns false: the packer's way without an allocation. */
export function encodeHeaderInto(header: TarHeader, target: Buffer, offset: number): boolean {
  const fields = fieldsOf(header);
  if (paxRecords(fields).length > 0) return false;
  writeUstar(target, offset, splitName(fields));
  return true;
}

function fieldsOf(header: TarHeader): UstarFields {
  const name = latin1(header.name);
  const linkname = latin1(header.linkname);
  const { devMajor = 0, devMinor = 0, mtime = LAYER_MTIME } = header;
  if (name.includes('\0') || linkname.includes('\0')) {
    throw new SlipwayError('ARCHIVE_INVALID', `a name with a NUL byte cannot be archived: ${JSON.stringify(name)}`);
  }
  if (devMajor > MAX_OCTAL_7 || devMinor > MAX_OCTAL_7 || !Number.isSafeInteger(header.size) || header.size < 0) {
    throw new SlipwayError('ARCHIVE_INVALID', `a header field of ${JSON.stringify(name)} is out of range`);
  }
  return {
    name,
    prefix: '',
    linkname,
    typeflag: TYPEFLAGS[header.type],
    mode: header.mode & 0o7777,
    uid: header.uid,
    gid: header.gid,
    size: header.size,
    mtime,
    devMajor,
    devMinor,
  };
}

/** What ustar cannot say, as `[key, latin-1 value]` sorted by key; empty when ustar will do. */
function paxRecords(fields: UstarFields): readonly (readonly [string, string])[] {
  const { name, linkname, uid, gid, size, mtime } = fields;
  const isLongName = name.length > NAME_SIZE || !isAscii(name);
  const records: (readonly [string, string])[] = [];
  if (gid > MAX_OCTAL_7) records.push(['gid', String(gid)]);
  if (linkname.length > NAME_SIZE || !isAscii(linkname)) records.push(['linkpath', linkname]);
  if (mtime > MAX_OCTAL_11 || mtime < 0) records.push(['mtime', String(mtime)]);
  if (size > MAX_OCTAL_11) records.push(['size', String(size)]);
  if (uid > MAX_OCTAL_7) records.push(['uid', String(uid)]);
  const isPax = records.length > 0 || (isLongName && splitAt(name) === undefined);
  // Once an entry is PAX no prefix is used, so that even a name that could be split is recorded.
  if (isPax && isLongName) records.push(['path', name]);
  return records.sort(([a], [b]) => (a < b ? -1 : 1));
}

function splitName(fields: UstarFields): UstarFields {
  const at = fields.name.length > NAME_SIZE ? splitAt(fields.name) : undefined;
  if (at === undefined) return fields;
  return { ...fields, prefix: fields.name.slice(0, at), name: fields.name.slice(at + 1) };
}

/** Where a long ASCII name is cut in prefix and name, at the last slash that fits; undefined when it cannot be. */
function splitAt(name: string): number | undefined {
  if (name.length <= NAME_SIZE || !isAscii(name)) return undefined;
  let length = name.length;
  if (length > PREFIX_SIZE + 1) length = PREFIX_SIZE + 1;
  else if (name.endsWith('/')) length -= 1;
  const at = name.lastIndexOf('/', length - 1);
  const rest = name.length - at - 1;
  return at <= 0 || rest > NAME_SIZE || rest === 0 || at > PREFIX_SIZE ? undefined : at;
}

function encodePax(fields: UstarFields, records: readonly (readonly [string, string])[]): Uint8Array {
  const body = Buffer.from(records.map(([key, value]) => record(key, value)).join(''), 'latin1');
  const padded = Math.ceil(body.length / BLOCK_SIZE) * BLOCK_SIZE;
  const out = Buffer.alloc(BLOCK_SIZE + padded + BLOCK_SIZE);
  const cut = fields.name.lastIndexOf('/') + 1;
  const paxName = posix.join(fields.name.slice(0, cut), 'PaxHeaders.0', fields.name.slice(cut));
  const none = { prefix: '', linkname: '', mode: 0, uid: 0, gid: 0, mtime: 0, devMajor: 0, devMinor: 0 };
  const extended = {
    ...none,
    name: ascii(paxName).slice(0, NAME_SIZE).replace(/\/+$/, ''),
    typeflag: PAX_TYPEFLAG,
    size: body.length,
  };
  writeUstar(out, 0, extended, { device: 'absent' });
  body.copy(out, BLOCK_SIZE);
  const main = {
    ...fields,
    name: cutName(fields.name),
    linkname: cutName(fields.linkname),
    uid: inRange(fields.uid, MAX_OCTAL_7),
    gid: inRange(fields.gid, MAX_OCTAL_7),
    size: inRange(fields.size, MAX_OCTAL_11),
    mtime: inRange(fields.mtime, MAX_OCTAL_11),
  };
  writeUstar(out, BLOCK_SIZE + padded, main);
  return out;
}

/** `"<len> <key>=<value>\n"`, where the length counts its own digits. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + String(rest.length).length;
  length = rest.length + String(length).length;
  return `${String(length)}${rest}`;
}

/**
 * A name for old readers: ASCII only, cut, and without a slash at the cut, which would make it a directory. Of several slashes there
 * Go's package turns the first one into NUL and leaves the others behind it.
 */
function cutName(name: string): string {
  const text = ascii(name);
  const cut = text.slice(0, NAME_SIZE);
  if (text.length <= NAME_SIZE || !cut.endsWith('/')) return cut;
  const length = cut.replace(/\/+$/, '').length;
  return `${cut.slice(0, length)}\0${cut.slice(length + 1)}`;
}

function inRange(value: number, max: number): number {
  return value >= 0 && value <= max ? value : 0;
}

function ascii(text: string): string {
  return isAscii(text) ? text : text.replace(/[\u0080-\u00ff]/g, '');
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0x7f) return false;
  return true;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
