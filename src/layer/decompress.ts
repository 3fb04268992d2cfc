import type { Duplex } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { SlipwayError } from '../core/errors.ts';
import type { LayerCompression } from '../oci/media-types.ts';

const CHUNK_SIZE = 1024 * 1024;

/**
 * The plain bytes of a compressed stream, in bounded memory. The source is read to its end unless the consumer stops. Throws
 * `MEDIA_TYPE_UNSUPPORTED` for zstd on a Node without it, zlib's own errors, and the source's.
 */
export function decompress(
  source: AsyncIterable<Uint8Array>,
  compression: LayerCompression,
  subject: string,
): AsyncIterable<Uint8Array> {
  switch (compression) {
    case 'none':
      return source;
    case 'gzip':
      return through(source, zlib.createGunzip({ chunkSize: CHUNK_SIZE }));
    case 'zstd':
      return through(source, zstdDecoder(subject));
  }
}

/** Node has it from 22.15; older type declarations do not know it. */
function zstdDecoder(subject: string): Duplex {
  const create: unknown = Reflect.get(zlib, 'createZstdDecompress');
  const decoder: unknown = typeof create === 'function' ? Reflect.apply(create, zlib, []) : undefined;
  if (decoder instanceof Transform) return decoder;
  throw new SlipwayError('MEDIA_TYPE_UNSUPPORTED', `${subject} is compressed with zstd, which this Node cannot read`, {
    hint: 'use Node 22.15 or newer, or an image with gzip layers',
  });
}

async function* through(source: AsyncIterable<Uint8Array>, decoder: Duplex): AsyncIterable<Uint8Array> {
  let failure: { readonly error: unknown } | undefined;
  const feeding = pipeline(source, decoder).catch((error: unknown) => {
    failure = { error };
  });
  let isWhole = false;
  try {
    for await (const chunk of decoder) if (chunk instanceof Uint8Array) yield chunk;
    isWhole = true;
  } finally {
    if (!isWhole) decoder.destroy();
    await feeding;
  }
  if (failure !== undefined) throw failure.error;
}
