import { open, type FileHandle } from 'node:fs/promises';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';

export interface ReadFileOptions {
  readonly signal?: AbortSignal;
  /** First byte and number of bytes; the whole file without them. */
  readonly offset?: number;
  readonly length?: number;
  /** The size that the file should have: no more memory is taken for its last chunk than that needs. It is read to its end all the same. */
  readonly expectedBytes?: number;
}

const CHUNK_BYTES = 512 * 1024;

/**
 * A file as a stream of fresh chunks. Throws system errors of opening as they are (`ENOENT` means different things to different
 * callers), unreadable files as `FILE_NOT_READABLE`.
 */
export async function* readFileStream(
  path: string,
  options: ReadFileOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  await using handle = await openForReading(path);
  yield* readHandleStream(handle, options);
}

/** A part of an open file as a stream of fresh chunks; it ends early when the file does. Several may run at once over one handle. */
export async function* readHandleStream(
  handle: FileHandle,
  options: ReadFileOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  let position = options.offset ?? 0;
  let left = options.length ?? Number.POSITIVE_INFINITY;
  while (left > 0) {
    options.signal?.throwIfAborted();
    // One byte more shows a file that is longer.
    const expected = Math.max(0, (options.expectedBytes ?? Number.POSITIVE_INFINITY) - position) + 1;
    const wanted = Math.min(CHUNK_BYTES, left, expected);
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(wanted), 0, wanted, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    left -= bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (!isSystem(error, 'EACCES', 'EPERM', 'EISDIR', 'ELOOP', 'EIO')) throw error;
    throw new SlipwayError('FILE_NOT_READABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}
