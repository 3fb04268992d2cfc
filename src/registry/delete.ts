import type { Context } from '../core/context.ts';
import { hasCode, SlipwayError } from '../core/errors.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import { refusal, type Subject } from './errors.ts';
import { getManifest } from './manifests.ts';
import { dropFromFallback, subjectOf } from './referrers-fallback.ts';
import { blobSubject, deleteAccess, imageSubject, repositoryPath, type RepositoryAccess } from './repository-access.ts';
import type { RegistryRequest } from './session.ts';

/**
 * DELETE of a tag, or of a manifest with all its tags; a manifest that refers to another is taken out of a fallback tag's list too.
 * Throws `IMAGE_NOT_FOUND`, and `NOT_SUPPORTED` where the registry deletes nothing, or no tags (many delete by digest only).
 */
export async function deleteManifest(access: RepositoryAccess, target: string | Digest, ctx: Context): Promise<void> {
  const path = `manifests/${target}`;
  const subject = imageSubject(access, target, 'delete');
  if (!isDigest(target)) {
    // Registries of before tags could be deleted take the tag for a malformed digest.
    const hint = 'many registries delete by digest only, which removes the manifest and all its tags: name the digest';
    return remove(access, { path, subject, notSupported: [400, 405, 501], hint }, ctx);
  }
  const referred = await subjectOfManifest(access, target, ctx);
  const hint = 'the registry must be told to allow it (distribution: REGISTRY_STORAGE_DELETE_ENABLED=true)';
  await remove(access, { path, subject, notSupported: [405, 501], hint }, ctx);
  if (referred !== undefined) await dropFromFallback(access, referred, target, ctx);
}

/** DELETE of a blob. Throws `BLOB_NOT_FOUND`, `NOT_SUPPORTED`. */
export async function deleteBlob(access: RepositoryAccess, digest: Digest, ctx: Context): Promise<void> {
  access.known.delete(digest);
  const subject = blobSubject(access, { digest }, 'delete');
  const hint = 'registries remove blobs that no manifest needs by themselves';
  await remove(access, { path: `blobs/${digest}`, subject, notSupported: [405, 501], hint }, ctx);
}

interface Removal {
  readonly path: string;
  readonly subject: Subject;
  /** Statuses that mean that the registry does not delete such a thing. */
  readonly notSupported: readonly number[];
  /** What to do then. */
  readonly hint: string;
}

async function remove(access: RepositoryAccess, removal: Removal, ctx: Context): Promise<void> {
  const { path, subject, notSupported, hint } = removal;
  const request: RegistryRequest = {
    method: 'DELETE',
    to: repositoryPath(access, path),
    access: deleteAccess(access),
  };
  const answer = await access.session.send(request, ctx);
  if (answer.status === 202 || answer.status === 200 || answer.status === 204) return answer.discard();
  const error = await refusal(access.session, { request, answer }, subject, ctx);
  if (!notSupported.includes(answer.status)) throw error;
  const message = `${access.session.registry} does not delete ${subject.what}`;
  throw new SlipwayError('NOT_SUPPORTED', message, { details: error.details, hint, cause: error });
}

async function subjectOfManifest(access: RepositoryAccess, digest: Digest, ctx: Context): Promise<Digest | undefined> {
  try {
    return subjectOf(await getManifest(access, digest, ctx));
  } catch (error) {
    // The delete itself says what is wrong.
    if (hasCode(error, 'IMAGE_NOT_FOUND', 'REGISTRY_DENIED', 'REGISTRY_UNAUTHORIZED', 'CONTENT_MISMATCH'))
      return undefined;
    throw error;
  }
}
