import { crc32, deflateRawSync } from 'node:zlib';

/** An entry of a zip; every field can be made to lie. */
export interface ZipFields {
  readonly name: string | Buffer;
  readonly body?: string | Buffer;
  /** With the type bits; absent: made by a system that has none. */
  readonly mode?: number;
  /** Default: deflated. */
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  /** As the directory states it. */
  readonly size?: number;
  /** Sizes and place are in the extra field of zip64. */
  readonly isZip64?: boolean;
}

export const FILE = 0o100644;
export const PROGRAM = 0o100755;
export const DIRECTORY = 0o040755;
export const LINK = 0o120777;

/** The bytes of a zip; `count` is what its end says of the number of entries, `hasEnd64` gives it the end record of zip64 as well. */
export function zipOf(
  entries: readonly ZipFields[],
  { count = entries.length, hasEnd64 = false }: { readonly count?: number; readonly hasEnd64?: boolean } = {},
): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const bytes = bytesOf(entry);
    const local = Buffer.concat([localHeader(entry, bytes), bytes.name, bytes.data]);
    parts.push(local);
    directory.push(centralHeader(entry, bytes, at));
    at += local.length;
  }
  const central = Buffer.concat(directory);
  const end64 = hasEnd64 ? endOf64(count, central.length, at) : Buffer.alloc(0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end64, end]);
}

/** The end record of zip64 and its locator. */
function endOf64(count: number, size: number, at: number): Buffer {
  const bytes = Buffer.alloc(76);
  bytes.writeUInt32LE(0x06064b50, 0);
  bytes.writeBigUInt64LE(44n, 4);
  for (const [index, value] of [count, count, size, at].entries())
    bytes.writeBigUInt64LE(BigInt(value), 24 + 8 * index);
  bytes.writeUInt32LE(0x07064b50, 56);
  bytes.writeBigUInt64LE(BigInt(at + size), 64);
  return bytes;
}

interface EntryBytes {
  readonly name: Buffer;
  readonly data: Buffer;
  readonly crc: number;
  readonly size: number;
}

function bytesOf({ name, body = '', method = 8, crc, size }: ZipFields): EntryBytes {
  const plain = Buffer.from(body);
  return {
    name: Buffer.from(name),
    data: method === 8 ? deflateRawSync(plain) : plain,
    crc: crc ?? crc32(plain),
    size: size ?? plain.length,
  };
}

function localHeader({ method = 8, flags = 0 }: ZipFields, { name, data, crc, size }: EntryBytes): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt16LE(method, 8);
  header.writeUInt32LE(crc, 14);
  header.writeUInt32LE(data.length, 18);
  header.writeUInt32LE(size, 22);
  header.writeUInt16LE(name.length, 26);
  return header;
}

function centralHeader(entry: ZipFields, { name, data, crc, size }: EntryBytes, at: number): Buffer {
  const { mode, method = 8, flags = 0, isZip64 = false } = entry;
  const extra = isZip64 ? Buffer.alloc(28) : Buffer.alloc(0);
  if (isZip64) {
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(24, 2);
    for (const [index, value] of [size, data.length, at].entries())
      extra.writeBigUInt64LE(BigInt(value), 4 + 8 * index);
  }
  const stated = (value: number): number => (isZip64 ? 0xffffffff : value);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(((mode === undefined ? 0 : 3) << 8) | 20, 4);
  header.writeUInt16LE(20, 6);
  header.writeUInt16LE(flags, 8);
  header.writeUInt16LE(method, 10);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(stated(data.length), 20);
  header.writeUInt32LE(stated(size), 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(((mode ?? 0) << 16) >>> 0, 38);
  header.writeUInt32LE(stated(at), 42);
  return Buffer.concat([header, name, extra]);
}
