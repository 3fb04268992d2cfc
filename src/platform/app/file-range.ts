import type { FileHandle } from 'node:fs/promises';

const CHUNK_SIZE = 256 * 1024;
/** Of one kept piece. */
export const WINDOW_SIZE: number = 256 * 1024;

/** So many bytes from there; fewer at the end of the file. */
export async function bytesAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/**
 * The bytes from one place to another, or to the end of the file, piece by piece. Node's own stream over an open file closes the file
 * when it is stopped.
 */
export async function* bytesBetween(
  handle: FileHandle,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = from; at < to;) {
    const bytes = await bytesAt(handle, at, Math.min(CHUNK_SIZE, to - at));
    if (bytes.length === 0) return;
    yield bytes;
    at += bytes.length;
  }
}

/** Reads of a few bytes here and there, mostly one behind the other in two parts of a file: answered from two pieces that are kept. */
export class FileWindows {
  readonly #handle: FileHandle;
  #windows: readonly { readonly at: number; readonly bytes: Buffer }[] = [];

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** So many bytes from there, at most a piece's length; fewer at the end of the file. They stay valid until the next read. */
  async read(position: number, length: number): Promise<Buffer> {
    const found = this.#windows.find(({ at, bytes }) => at <= position && position + length <= at + bytes.length);
    if (found !== undefined) {
      this.#windows = [found, ...this.#windows.filter((window) => window !== found)];
      return found.bytes.subarray(position - found.at, position - found.at + length);
    }
    const bytes = await bytesAt(this.#handle, position, Math.max(length, WINDOW_SIZE));
    this.#windows = [{ at: position, bytes }, ...this.#windows.slice(0, 1)];
    return bytes.subarray(0, length);
  }
}
