import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { collect, streamOf } from '../core/bytes.ts';
import { SlipwayError } from '../core/errors.ts';
import type { FollowedResponse } from './follow.ts';
import { displayUrl } from './http.ts';

/**
 * The response with its body read. What something on the way compressed, although nobody asked for that, is decompressed: digests are of
 * the bytes below the Content-Encoding (RFC 9110 §8.4).
 */
export async function wholeBody(response: FollowedResponse, maxBytes: number): Promise<FollowedResponse> {
  const name = `the answer of ${displayUrl(response.url)}`;
  const raw = await collect(response.body, maxBytes, name);
  const bytes = decoded(raw, response.headers['content-encoding'] ?? 'identity', maxBytes, name);
  return { ...response, body: streamOf(bytes), discard: () => Promise.resolve() };
}

function decoded(raw: Buffer, encoding: string, maxOutputLength: number, name: string): Uint8Array {
  const options = { maxOutputLength };
  try {
    switch (encoding.trim().toLowerCase()) {
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(raw, options);
      case 'deflate':
        return inflateSync(raw, options);
      case 'br':
        return brotliDecompressSync(raw, options);
      default:
        return raw;
    }
  } catch (error) {
    throw new SlipwayError('CONTENT_MISMATCH', `${name} cannot be decompressed (Content-Encoding ${encoding})`, {
      cause: error,
    });
  }
}
