import { collect } from '../core/bytes.ts';
import { hasCode } from '../core/errors.ts';
import { algorithmOf, digester, digestOf, isDigest, type Digest } from '../oci/digest.ts';
import {
  decodeManifest,
  MAX_MANIFEST_BYTES,
  type ImageIndex,
  type Manifest,
  type RawManifest,
} from '../oci/manifest.ts';
import { isForeignLayer } from '../oci/media-types.ts';
import { isTag } from '../oci/reference.ts';
import { emptyAnswer, errorAnswer, type Answer } from './answer.ts';
import type { Call } from './call.ts';

/** HEAD, GET, PUT and DELETE of a manifest by tag or digest. */
export async function answerManifest(call: Call, repository: string, target: string): Promise<Answer> {
  if (!isDigest(target) && !isTag(target))
    return target.includes(':')
      ? errorAnswer(400, 'DIGEST_INVALID', `"${target.slice(0, 80)}" is not a digest`)
      : errorAnswer(400, 'MANIFEST_INVALID', `"${target.slice(0, 80)}" is not a tag`);
  switch (call.method) {
    case 'GET':
    case 'HEAD':
      return read(call, repository, target);
    case 'PUT':
      return write(call, repository, target);
    case 'DELETE':
      return (await call.backend.deleteManifest(repository, target, call.ctx))
        ? emptyAnswer(202)
        : unknown(call, repository);
    default:
      return errorAnswer(405, 'UNSUPPORTED', `${call.method} means nothing here`, { allow: 'GET, HEAD, PUT, DELETE' });
  }
}

async function read(call: Call, repository: string, target: string): Promise<Answer> {
  const manifest = await call.backend.manifest(repository, target, call.ctx);
  if (manifest === undefined) return unknown(call, repository);
  const { mediaType, digest } = manifest.descriptor;
  return {
    status: 200,
    headers: {
      'content-type': mediaType,
      'content-length': String(manifest.bytes.byteLength),
      'docker-content-digest': digest,
      etag: `"${digest}"`,
    },
    body: manifest.bytes,
  };
}

async function write(call: Call, repository: string, target: string): Promise<Answer> {
  const bytes = await readBody(call);
  if (bytes === undefined) return errorAnswer(413, 'SIZE_INVALID', 'the manifest is larger than 4 MiB');
  const digest = isDigest(target) ? hashLike(bytes, target) : digestOf(bytes);
  if (isDigest(target) && digest !== target)
    return errorAnswer(400, 'DIGEST_INVALID', 'the manifest does not have the stated digest');
  const mediaType = (call.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const raw: RawManifest = { bytes, descriptor: { mediaType, digest, size: bytes.byteLength } };
  const decoded = decode(raw);
  if (decoded === undefined) return errorAnswer(400, 'MANIFEST_INVALID', 'this is no manifest or index');
  const missing = await missingPart(call, repository, decoded);
  if (missing !== undefined) return errorAnswer(400, 'MANIFEST_BLOB_UNKNOWN', `${missing} is not in ${repository}`);
  const stored = { bytes, descriptor: { ...raw.descriptor, mediaType: decoded.mediaType } };
  await call.backend.putManifest(repository, isDigest(target) ? undefined : target, stored, call.ctx);
  return emptyAnswer(201, {
    location: `/v2/${repository}/manifests/${digest}`,
    'docker-content-digest': digest,
    ...(decoded.subject === undefined ? {} : { 'oci-subject': decoded.subject.digest }),
  });
}

async function readBody(call: Call): Promise<Uint8Array | undefined> {
  try {
    return await collect(call.body, MAX_MANIFEST_BYTES, 'the manifest');
  } catch (error) {
    if (hasCode(error, 'CONTENT_MISMATCH')) return undefined;
    throw error;
  }
}

function decode(raw: RawManifest): Manifest | ImageIndex | undefined {
  try {
    return decodeManifest(raw, 'manifest');
  } catch (error) {
    if (hasCode(error, 'IMAGE_INVALID', 'MEDIA_TYPE_UNSUPPORTED')) return undefined;
    throw error;
  }
}

/** The first blob or child that the repository does not have. An index may name images that are kept elsewhere. */
async function missingPart(
  call: Call,
  repository: string,
  decoded: Manifest | ImageIndex,
): Promise<Digest | undefined> {
  if (decoded.kind === 'index') return undefined;
  const parts = [decoded.config, ...decoded.layers].filter(
    ({ mediaType, urls, data }) => !isForeignLayer(mediaType) && urls === undefined && data === undefined,
  );
  for (const { digest } of parts)
    if ((await call.backend.blobSize(repository, digest, call.ctx)) === undefined) return digest;
  return undefined;
}

async function unknown(call: Call, repository: string): Promise<Answer> {
  return (await call.backend.tags(repository, call.ctx)) === undefined
    ? errorAnswer(404, 'NAME_UNKNOWN', `repository ${repository} unknown to registry`)
    : errorAnswer(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
}

function hashLike(bytes: Uint8Array, like: Digest): Digest {
  const hash = digester(algorithmOf(like));
  hash.update(bytes);
  return hash.digest();
}
