import { SlipwayError } from '../core/errors.ts';
import type { Descriptor } from './descriptor.ts';
import { algorithmOf, digester } from './digest.ts';

/** Streams that this module made, and what they are checked against: a second check of the same promise would only cost time. */
const checked = new WeakMap<AsyncIterable<Uint8Array>, string>();

/**
 * The same bytes, hashed and counted on the way: a stream that ends well had the descriptor's digest and size; otherwise it throws
 * `CONTENT_MISMATCH` naming `subject` where it would have ended, or as soon as there are too many bytes.
 */
export function verifyStream(
  source: AsyncIterable<Uint8Array>,
  descriptor: Descriptor,
  subject: string,
): AsyncIterable<Uint8Array> {
  const promise = `${descriptor.digest} ${String(descriptor.size)}`;
  if (checked.get(source) === promise) return source;
  const verified = verify(source, descriptor, subject);
  checked.set(verified, promise);
  return verified;
}

/** Checks bytes that are in memory already. Throws `CONTENT_MISMATCH` naming `subject`. */
export function verifyBytes(bytes: Uint8Array, descriptor: Descriptor, subject: string): void {
  if (bytes.byteLength !== descriptor.size) throw wrongSize(descriptor, bytes.byteLength, subject);
  const hash = digester(algorithmOf(descriptor.digest));
  hash.update(bytes);
  const actual = hash.digest();
  if (actual !== descriptor.digest) throw wrongDigest(descriptor, actual, subject);
}

/** The same stream, its failure noted; a verified one stays verified. */
export function noteFailure(
  source: AsyncIterable<Uint8Array>,
  note: (error: unknown) => void | Promise<void>,
): AsyncIterable<Uint8Array> {
  const noted = watch(source, note);
  const promise = checked.get(source);
  if (promise !== undefined) checked.set(noted, promise);
  return noted;
}

async function* watch(
  source: AsyncIterable<Uint8Array>,
  note: (error: unknown) => void | Promise<void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (let next = await step(iterator, note); next.done !== true; next = await step(iterator, note)) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

/** Only what reading throws is noted, not what a consumer throws into the generator. */
async function step(
  iterator: AsyncIterator<Uint8Array>,
  note: (error: unknown) => void | Promise<void>,
): Promise<IteratorResult<Uint8Array, unknown>> {
  try {
    return await iterator.next();
  } catch (error) {
    await note(error);
    throw error;
  }
}

async function* verify(
  source: AsyncIterable<Uint8Array>,
  descriptor: Descriptor,
  subject: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = digester(algorithmOf(descriptor.digest));
  let size = 0;
  for await (const chunk of source) {
    size += chunk.byteLength;
    if (size > descriptor.size) throw wrongSize(descriptor, size, subject, 'at least ');
    hash.update(chunk);
    yield chunk;
  }
  if (size !== descriptor.size) throw wrongSize(descriptor, size, subject);
  const actual = hash.digest();
  if (actual !== descriptor.digest) throw wrongDigest(descriptor, actual, subject);
}

function wrongSize(descriptor: Descriptor, actual: number, subject: string, qualifier = ''): SlipwayError {
  return new SlipwayError('CONTENT_MISMATCH', `${subject} does not have the promised size`, {
    details: {
      digest: descriptor.digest,
      promised: `${String(descriptor.size)} bytes`,
      found: `${qualifier}${String(actual)} bytes`,
    },
  });
}

function wrongDigest(descriptor: Descriptor, actual: string, subject: string): SlipwayError {
  return new SlipwayError('CONTENT_MISMATCH', `${subject} does not have the promised digest`, {
    details: { promised: descriptor.digest, found: actual },
  });
}
