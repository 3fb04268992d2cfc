import { collect, utf8 } from '../core/bytes.ts';
import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { algorithmOf, digester, isDigest, type Digest } from '../oci/digest.ts';
import { MANIFEST_TYPES } from '../oci/media-types.ts';
import { MAX_MANIFEST_BYTES, type RawManifest } from '../oci/manifest.ts';
import { isObject } from '../schema/reader.ts';
import { refusal, type Subject } from './errors.ts';
import type { Headers } from './http.ts';
import { imageSubject, pullAccess, pushAccess, repositoryPath, type RepositoryAccess } from './repository-access.ts';
import type { RegistryRequest } from './session.ts';

export interface PutManifest {
  /** The registry lists it among the referrers of its subject (`OCI-Subject`): no fallback tag is needed. */
  readonly isSubjectKnown: boolean;
}

/** GET of a manifest or index by tag or digest; the bytes are checked against the digest asked for and the one announced. */
export async function getManifest(access: RepositoryAccess, target: string, ctx: Context): Promise<RawManifest> {
  const request = manifestRequest('GET', access, target);
  const subject = imageSubject(access, target);
  const answer = await access.session.send(request, ctx);
  if (answer.status !== 200) throw await refusal(access.session, { request: request, answer }, subject, ctx);
  const bytes = await collect(answer.body, MAX_MANIFEST_BYTES, `the manifest of ${subject.what}`);
  const digest = verified(bytes, target, answer.headers, subject);
  return { bytes, descriptor: { mediaType: mediaTypeOf(bytes, answer.headers), digest, size: bytes.byteLength } };
}

/** HEAD of a manifest: its descriptor as the registry announces it; undefined when the registry has none. Other refusals throw. */
export async function headManifest(
  access: RepositoryAccess,
  target: string,
  ctx: Context,
): Promise<Descriptor | undefined> {
  const request = manifestRequest('HEAD', access, target);
  const answer = await access.session.send(request, ctx);
  await answer.discard();
  if (answer.status === 404) return undefined;
  if (answer.status !== 200)
    throw await refusal(access.session, { request: request, answer }, imageSubject(access, target), ctx);
  const digest = answer.headers['docker-content-digest'] ?? (isDigest(target) ? target : '');
  const size = Number(answer.headers['content-length'] ?? Number.NaN);
  if (!isDigest(digest) || !Number.isSafeInteger(size)) return (await getManifest(access, target, ctx)).descriptor;
  return { mediaType: contentType(answer.headers), digest, size };
}

/**
 * Contract §9.2: a refused manifest request throws; any other answer passes, an absent image too. Network and TLS failures throw.
 */
export async function checkRead(access: RepositoryAccess, target: string, ctx: Context): Promise<void> {
  const request = manifestRequest('HEAD', access, target);
  const answer = await access.session.send(request, ctx);
  await answer.discard();
  if (answer.status === 401 || answer.status === 403)
    throw await refusal(access.session, { request: request, answer }, imageSubject(access, target), ctx);
}

/** PUT of a manifest under a tag or its own digest. Throws `CONTENT_MISMATCH` when the registry stored something else. */
export async function putManifest(
  access: RepositoryAccess,
  target: string,
  manifest: RawManifest,
  ctx: Context,
): Promise<PutManifest> {
  const request: RegistryRequest = {
    method: 'PUT',
    to: repositoryPath(access, `manifests/${target}`),
    access: pushAccess(access),
    headers: { 'content-type': manifest.descriptor.mediaType },
    body: { kind: 'bytes', bytes: manifest.bytes },
  };
  const subject: Subject = { ...imageSubject(access, target, 'write'), missing: 'REGISTRY_ERROR' };
  const answer = await access.session.send(request, ctx);
  if (answer.status !== 201 && answer.status !== 200 && answer.status !== 202)
    throw await refusal(access.session, { request: request, answer }, subject, ctx);
  await answer.discard();
  const stored = answer.headers['docker-content-digest'];
  if (stored !== undefined && isDigest(stored) && sameAlgorithm(stored, manifest.descriptor.digest)) {
    if (stored !== manifest.descriptor.digest) throw mismatch(subject, manifest.descriptor.digest, stored);
  }
  // Who took it for the registry may have kept it to itself.
  if (answer.isElsewhere && (await headManifest(access, target, ctx))?.digest !== manifest.descriptor.digest)
    throw new SlipwayError(
      'REGISTRY_ERROR',
      `${access.session.registry} does not have ${subject.what} after its upload`,
      {
        details: { request: answer.request, 'taken by': answer.url.origin, status: String(answer.status) },
        hint: 'the registry led the upload to another address, which said that it took it',
      },
    );
  return { isSubjectKnown: answer.headers['oci-subject'] !== undefined };
}

function manifestRequest(method: 'GET' | 'HEAD', access: RepositoryAccess, target: string): RegistryRequest {
  return {
    method,
    to: repositoryPath(access, `manifests/${target}`),
    access: pullAccess(access),
    // The known types first, for registries that choose; then any, since what an index lists may be of any type.
    headers: { accept: [...MANIFEST_TYPES, '*/*'].join(', ') },
    wholeBytes: MAX_MANIFEST_BYTES,
  };
}

function verified(bytes: Uint8Array, target: string, headers: Headers, subject: Subject): Digest {
  const announced = headers['docker-content-digest'];
  const wanted = isDigest(target) ? target : undefined;
  for (const expected of [wanted, announced]) {
    if (expected === undefined || !isDigest(expected)) continue;
    const found = hash(bytes, expected);
    if (found !== expected) throw mismatch(subject, expected, found);
  }
  return wanted ?? hash(bytes, undefined);
}

function hash(bytes: Uint8Array, like: Digest | undefined): Digest {
  const hasher = digester(like === undefined ? 'sha256' : algorithmOf(like));
  hasher.update(bytes);
  return hasher.digest();
}

function mismatch(subject: Subject, expected: Digest, found: Digest): SlipwayError {
  return new SlipwayError('CONTENT_MISMATCH', `${subject.what} does not have the digest that it should have`, {
    details: { expected, found },
    hint: 'the registry or something on the way altered it',
  });
}

function sameAlgorithm(a: Digest, b: Digest): boolean {
  return algorithmOf(a) === algorithmOf(b);
}

/** The body's own `mediaType`, since a later push must send the same; else the header's. */
function mediaTypeOf(bytes: Uint8Array, headers: Headers): string {
  try {
    const value: unknown = JSON.parse(utf8(bytes) ?? '');
    if (isObject(value) && typeof value['mediaType'] === 'string' && value['mediaType'] !== '')
      return value['mediaType'];
  } catch (error) {
    // Whoever decodes the manifest says what is wrong with it.
    if (!(error instanceof SyntaxError)) throw error;
  }
  return contentType(headers);
}

function contentType(headers: Headers): string {
  return (headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
}
