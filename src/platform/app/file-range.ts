import type { FileHandle } from 'node:fs/promises';

const CHUNK_SIZE = 256 * 1024;

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
