import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Entry, ZipFile } from 'yauzl';
import { bytesAt, bytesBetween } from './file-range.ts';

/** The end record, and before it that of zip64 with its locator. */
const END = 0x06054b50;
const END_SIZE = 22;
const LOCATOR = 0x07064b50;
const LOCATOR_SIZE = 20;
const END64_SIZE = 56;
const TAIL = LOCATOR_SIZE + END_SIZE + 0xffff;

/**
 * A zip as yauzl reads it, from an open file that stays open; names are bytes. What stands before the zip, as the program of a jar that
 * starts by itself, is skipped: places count from where the zip begins.
 */
export async function openZip(handle: FileHandle): Promise<ZipFile> {
  const { size } = await handle.stat();
  const start = await startOf(handle, size);
  const { default: yauzl } = await import('yauzl');

  class ZipReader extends yauzl.RandomAccessReader {
    override _readStreamForRange(from: number, to: number): Readable {
      return Readable.from(bytesBetween(handle, start + from, start + to), { objectMode: false });
    }

    override read(
      ...[buffer, offset, length, position, done]: Parameters<InstanceType<typeof yauzl.RandomAccessReader>['read']>
    ): void {
      readFully(handle, buffer.subarray(offset, offset + length), start + position).then(
        () => done(null),
        (error: unknown) => done(error instanceof Error ? error : new Error('cannot read', { cause: error })),
      );
    }
  }

  return yauzl.fromRandomAccessReaderPromise(new ZipReader(), size - start, {
    autoClose: false,
    decodeStrings: false,
    validateEntrySizes: true,
  });
}

/** The bytes of a name, which is no text as the zip was opened. */
export function nameOf(entry: Entry): Buffer {
  return entry.fileNameRaw;
}

async function readFully(handle: FileHandle, buffer: Buffer, position: number): Promise<void> {
  const bytes = await bytesAt(handle, position, buffer.length);
  if (bytes.length < buffer.length) throw new Error('it ends in the middle of a record');
  bytes.copy(buffer);
}

/**
 * Where the zip begins in the file: its directory ends where the records at the end of the file begin, and they say where that is from the
 * zip's beginning. What contradicts itself is read from the beginning of the file, and refused there.
 */
async function startOf(handle: FileHandle, size: number): Promise<number> {
  const tail = Math.min(size, TAIL);
  const bytes = await bytesAt(handle, size - tail, tail);
  for (let at = bytes.length - END_SIZE; at >= 0; at -= 1) {
    if (bytes.readUInt32LE(at) !== END || bytes.readUInt16LE(at + 20) !== bytes.length - at - END_SIZE) continue;
    const place = size - tail + at;
    const has64 = at >= LOCATOR_SIZE && bytes.readUInt32LE(at - LOCATOR_SIZE) === LOCATOR;
    // Its record is before its locator, which says where from the zip's beginning.
    const start = has64
      ? place - LOCATOR_SIZE - END64_SIZE - Number(bytes.readBigUInt64LE(at - LOCATOR_SIZE + 8))
      : place - bytes.readUInt32LE(at + 12) - bytes.readUInt32LE(at + 16);
    return start < 0 ? 0 : start;
  }
  return 0;
}
