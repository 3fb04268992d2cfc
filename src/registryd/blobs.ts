import { isDigest } from '../oci/digest.ts';
import { emptyAnswer, errorAnswer, parseRange, type Answer } from './answer.ts';
import type { Call } from './call.ts';

/** HEAD, GET (with Range) and DELETE of a blob. */
export async function answerBlob(call: Call, repository: string, digest: string): Promise<Answer> {
  if (!isDigest(digest)) return errorAnswer(400, 'DIGEST_INVALID', `"${digest.slice(0, 80)}" is not a digest`);
  const { backend, ctx } = call;
  const unknown = errorAnswer(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
  if (call.method === 'DELETE') return (await backend.deleteBlob(repository, digest, ctx)) ? emptyAnswer(202) : unknown;
  if (call.method !== 'GET' && call.method !== 'HEAD')
    return errorAnswer(405, 'UNSUPPORTED', `${call.method} means nothing here`, { allow: 'GET, HEAD, DELETE' });
  const size = await backend.blobSize(repository, digest, ctx);
  if (size === undefined) return unknown;
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    etag: `"${digest}"`,
  };
  const range = parseRange(call.headers['range'], size);
  if (range === 'unsatisfiable')
    return errorAnswer(416, 'SIZE_INVALID', 'the range is behind the end', {
      'content-range': `bytes */${String(size)}`,
    });
  if (range === 'whole')
    return {
      status: 200,
      headers: { ...headers, 'content-length': String(size) },
      body: backend.readBlob(digest, { start: 0, end: size - 1 }, ctx),
    };
  return {
    status: 206,
    headers: {
      ...headers,
      'content-length': String(range.end - range.start + 1),
      'content-range': `bytes ${String(range.start)}-${String(range.end)}/${String(size)}`,
    },
    body: backend.readBlob(digest, range, ctx),
  };
}
