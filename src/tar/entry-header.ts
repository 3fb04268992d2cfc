import { utf8 } from '../core/bytes.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Fail } from './guard.ts';
import type { TarEntryType, TarHeader } from './header.ts';
import type { DecodedHeader } from './header-decoder.ts';
import { paxInteger, type PaxRecords } from './pax-records.ts';

/** What extended headers say about the next entry; names as latin-1 text. */
export interface Extended {
  pax: PaxRecords;
  longName: string | undefined;
  longLink: string | undefined;
}

export interface RawEntry {
  /** `old` is a v7 entry: a file, or a directory when its name ends in a slash. */
  readonly type: TarEntryType | 'old';
  readonly size: number;
  readonly decoded: DecodedHeader;
  readonly extended: Extended;
  readonly fail: Fail;
}

/** Puts an entry's header together: extended headers over the block, then the checks that need both. */
export function headerOf({ type, size, decoded, extended, fail }: RawEntry): TarHeader {
  const { pax, longName, longLink } = extended;
  if ([...pax.keys()].some((key) => key.startsWith('GNU.sparse.'))) {
    throw fail('is a sparse file, which is not supported');
  }
  const name = longName ?? nonEmpty(pax.get('path')) ?? decoded.name;
  const linkname = longLink ?? nonEmpty(pax.get('linkpath')) ?? decoded.linkname;
  for (const text of [name, linkname]) {
    if (text.includes('\0')) {
      throw new SlipwayError('ARCHIVE_UNSAFE', fail(`has a NUL byte in its name ${quote(text)}`).message);
    }
  }
  if (name === '') throw fail('has no name');
  const paxSize = nonEmpty(pax.get('size'));
  const bodySize = paxSize === undefined ? size : paxInteger(paxSize);
  if (bodySize === undefined) throw fail(`(${quote(name)}) has a size that is not a number`);
  const isSlashed = name.endsWith('/');
  const isDirectory = type === 'directory' || (isSlashed && (type === 'old' || (type === 'file' && bodySize === 0)));
  if (type === 'file' && isSlashed && !isDirectory)
    throw fail(`(${quote(name)}) is a file with the name of a directory`);
  const kind = isDirectory ? 'directory' : type === 'old' ? 'file' : type;
  const isDevice = kind === 'char' || kind === 'block';
  return {
    name: bytesOf(isDirectory ? withoutSlashes(name) : name),
    type: kind,
    mode: number(decoded.mode, 'mode', fail) & 0o7777,
    uid: override(pax, 'uid', decoded.uid, fail),
    gid: override(pax, 'gid', decoded.gid, fail),
    size: kind === 'file' ? bodySize : 0,
    linkname: bytesOf(kind === 'symlink' || kind === 'hardlink' ? linkname : ''),
    mtime: mtimeOf(pax, decoded, fail),
    ...(isDevice
      ? {
          devMajor: number(decoded.devMajor, 'device number', fail),
          devMinor: number(decoded.devMinor, 'device number', fail),
        }
      : {}),
  };
}

/** Records as plain text: UTF-8, else latin-1. */
export function textOf(records: PaxRecords): Readonly<Record<string, string>> {
  return Object.fromEntries([...records].map(([key, value]) => [text(key), text(value)]));
}

function override(records: PaxRecords, key: string, fallback: number | undefined, fail: Fail): number {
  const text = nonEmpty(records.get(key));
  return number(text === undefined ? fallback : paxInteger(text), key, fail);
}

function mtimeOf(records: PaxRecords, decoded: DecodedHeader, fail: Fail): number {
  const text = nonEmpty(records.get('mtime'));
  if (text === undefined) return Number.isSafeInteger(decoded.mtime) ? decoded.mtime : 0;
  if (!/^-?[0-9]{1,15}(?:\.[0-9]*)?$/.test(text)) throw fail('has a modification time that is not a number');
  return Math.floor(Number(text));
}

function number(value: number | undefined, field: string, fail: Fail): number {
  if (value === undefined || !Number.isSafeInteger(value) || value < 0)
    throw fail(`has a ${field} that is not a number`);
  return value;
}

/** A regular expression would take quadratic time on a long run of slashes. */
function withoutSlashes(name: string): string {
  let end = name.length;
  while (end > 1 && name[end - 1] === '/') end -= 1;
  return name.slice(0, end);
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function text(latin1: string): string {
  return utf8(bytesOf(latin1)) ?? latin1;
}

function bytesOf(latin1: string): Uint8Array {
  return Buffer.from(latin1, 'latin1');
}

function quote(latin1: string): string {
  return JSON.stringify(text(latin1.slice(0, 200)));
}
