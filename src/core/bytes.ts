import { SlipwayError } from './errors.ts';

/** All bytes of a stream; more than `maxBytes` is an error that names the subject. */
export async function collect(source: AsyncIterable<Uint8Array>, maxBytes: number, subject: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.byteLength;
    if (size > maxBytes)
      throw new SlipwayError('CONTENT_MISMATCH', `${subject} is larger than ${String(maxBytes)} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** A stream of one chunk. */
export async function* streamOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

/** The text of UTF-8 bytes; undefined when they are not UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
