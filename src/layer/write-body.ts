import { writeSync } from 'node:fs';
import type { TarBody } from '../tar/reader.ts';

/** Writes the bytes of an entry to an open file and tells how many they were. Without a promise for what is in memory already. */
export async function writeBody(file: number, body: AsyncIterable<Uint8Array> & Partial<TarBody>): Promise<number> {
  const whole = body.inMemory?.();
  if (whole !== undefined) return writeAll(file, whole);
  let size = 0;
  for await (const chunk of body) size += writeAll(file, chunk);
  return size;
}

function writeAll(file: number, bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
  return bytes.length;
}
