import type { Context } from '../core/context.ts';
import { messageOf, SlipwayError, systemCode } from '../core/errors.ts';
import { algorithmOf, digester } from '../oci/digest.ts';
import { compressionOf, type LayerCompression } from '../oci/media-types.ts';
import { verifyStream } from '../oci/verify-stream.ts';
import type { Blob, Layer } from '../ports/blob.ts';
import { decompress } from './decompress.ts';
import { sniffCompression } from './sniff.ts';

/** Bytes that tell what a stream is. */
const SNIFF_SIZE = 512;

/**
 * A layer's uncompressed tar, checked against digest, size and diffID on the way: a stream that ends well was right. Throws
 * `CONTENT_MISMATCH` for other bytes, `IMAGE_INVALID` for bytes that have their digest and are not what the media type or the config
 * says, `MEDIA_TYPE_UNSUPPORTED`; each names the layer's digest.
 */
export async function* openTar(layer: Layer, ctx: Context): AsyncIterable<Uint8Array> {
  const { descriptor } = layer;
  const subject = subjectOf(layer);
  const compression = compressionOf(descriptor.mediaType);
  if (compression === undefined) {
    throw new SlipwayError('MEDIA_TYPE_UNSUPPORTED', `${subject} has the unknown media type "${descriptor.mediaType}"`);
  }
  const tarHash = digester(algorithmOf(layer.diffId));
  const progress = { isWhole: false };
  try {
    const source = sniffed(verified(layer, progress, ctx), compression, subject);
    for await (const chunk of decompress(source, compression, subject)) {
      tarHash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw await explain(layer, error, ctx);
  }
  if (!progress.isWhole) throw new SlipwayError('IMAGE_INVALID', `${subject} has bytes after its compressed data`);
  const actual = tarHash.digest();
  if (actual !== String(layer.diffId)) {
    throw new SlipwayError('IMAGE_INVALID', `${subject} does not hold the tar that its config names`, {
      details: { expected: layer.diffId, actual },
    });
  }
}

/** How messages call a layer. */
export function subjectOf(blob: Blob): string {
  return `layer ${blob.descriptor.digest}`;
}

/** The blob's bytes, checked on the way, and whether they were read to the end. */
async function* verified(layer: Layer, progress: { isWhole: boolean }, ctx: Context): AsyncIterable<Uint8Array> {
  for await (const chunk of verifyStream(layer.open(ctx.signal), layer.descriptor, subjectOf(layer))) {
    ctx.signal.throwIfAborted();
    yield chunk;
  }
  progress.isWhole = true;
}

/** Passes the bytes on once their beginning is what the media type says. */
async function* sniffed(
  source: AsyncIterable<Uint8Array>,
  expected: LayerCompression,
  subject: string,
): AsyncIterable<Uint8Array> {
  let start: Uint8Array | undefined = new Uint8Array(0);
  for await (const chunk of source) {
    if (start === undefined) {
      yield chunk;
      continue;
    }
    start = start.length === 0 ? chunk : Buffer.concat([start, chunk]);
    if (start.length < SNIFF_SIZE) continue;
    checkStart(start, expected, subject);
    yield start;
    start = undefined;
  }
  if (start === undefined || start.length === 0) return;
  checkStart(start, expected, subject);
  yield start;
}

function checkStart(start: Uint8Array, expected: LayerCompression, subject: string): void {
  const found = sniffCompression(start.subarray(0, SNIFF_SIZE));
  // A very old tar has no magic: the reader judges it.
  if (found === expected || (found === undefined && expected === 'none')) return;
  const words = { none: 'a plain tar', gzip: 'gzip', zstd: 'zstd' };
  const is = found === undefined ? `not ${words[expected]}` : words[found];
  throw new SlipwayError('IMAGE_INVALID', `${subject} is ${is}, but its media type says ${words[expected]}`);
}

/** Damage is the better reason than what it does to a decoder, so wrong bytes are looked for before a format is blamed. */
async function explain(layer: Layer, error: unknown, ctx: Context): Promise<unknown> {
  const isOurs = error instanceof SlipwayError;
  const isZlib = systemCode(error)?.startsWith('Z') === true;
  if (!(isOurs && error.code === 'IMAGE_INVALID') && !isZlib) return error;
  try {
    const again = verified(layer, { isWhole: false }, ctx)[Symbol.asyncIterator]();
    while ((await again.next()).done !== true);
  } catch (reason) {
    return reason;
  }
  if (isOurs) return error;
  return new SlipwayError('IMAGE_INVALID', `${subjectOf(layer)} cannot be decompressed: ${messageOf(error)}`, {
    cause: error,
  });
}
