import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { inflateRawSync } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { bytesAt, bytesBetween, FileWindows, WINDOW_SIZE } from './file-range.ts';

/** The end record, and before it that of zip64 with its locator. */
const END = 0x06054b50;
const END_SIZE = 22;
const LOCATOR = 0x07064b50;
const LOCATOR_SIZE = 20;
const END64_SIZE = 56;
const TAIL = LOCATOR_SIZE + END_SIZE + 0xffff;

/** What is inflated at once: most files, for which a stream would cost several times the work. */
const SMALL = 1024 * 1024;
const DEFLATED = 8;

/** A zip in an open file, which stays open. */
export interface Zip {
  readonly directory: ZipFile;
  /** The bytes of an entry, which is stored or deflated; throws when it is damaged. */
  readonly open: (entry: Entry) => Promise<AsyncIterable<unknown>>;
}

/**
 * A zip as yauzl reads it; names are bytes. What stands before the zip, as the program of a jar that starts by itself, is skipped: places
 * count from where the zip begins.
 */
export async function openZip(handle: FileHandle): Promise<Zip> {
  const { size } = await handle.stat();
  const start = await startOf(handle, size);
  const windows = new FileWindows(handle);
  const { default: yauzl } = await import('yauzl');

  class ZipReader extends yauzl.RandomAccessReader {
    override _readStreamForRange(from: number, to: number): Readable {
      return Readable.from(bytesBetween(handle, start + from, start + to), { objectMode: false });
    }

    override read(
      ...[buffer, offset, length, position, done]: Parameters<InstanceType<typeof yauzl.RandomAccessReader>['read']>
    ): void {
      readWhole(windows, start + position, length).then(
        (bytes) => {
          bytes.copy(buffer, offset);
          done(null);
        },
        (error: unknown) => done(error instanceof Error ? error : new Error('cannot read', { cause: error })),
      );
    }
  }

  const directory = await yauzl.fromRandomAccessReaderPromise(new ZipReader(), size - start, {
    autoClose: false,
    decodeStrings: false,
    validateEntrySizes: true,
  });
  const open = async (entry: Entry): Promise<AsyncIterable<unknown>> => {
    const { compressedSize, uncompressedSize } = entry;
    if (compressedSize > WINDOW_SIZE || uncompressedSize > SMALL) return directory.openReadStreamPromise(entry);
    const { fileDataStart } = await directory.readLocalFileHeaderPromise(entry, { minimal: true });
    const bytes = await readWhole(windows, start + fileDataStart, compressedSize);
    return pieces(entry.compressionMethod === DEFLATED ? inflated(bytes, uncompressedSize) : bytes);
  };
  return { directory, open };
}

/** The bytes of a name, which is no text as the zip was opened. */
export function nameOf(entry: Entry): Buffer {
  return entry.fileNameRaw;
}

function inflated(bytes: Buffer, size: number): Buffer {
  return inflateRawSync(bytes, { maxOutputLength: Math.max(size, 1) });
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
  yield await Promise.resolve(bytes);
}

async function readWhole(windows: FileWindows, position: number, length: number): Promise<Buffer> {
  const bytes = await windows.read(position, length);
  if (bytes.length < length) throw new Error('it ends in the middle of a record');
  return bytes;
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
