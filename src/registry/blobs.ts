import type { Context } from '../core/context.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { verifyStream } from '../oci/verify-stream.ts';
import { downloadBytes } from './download.ts';
import { refusal } from './errors.ts';
import { withProgress } from './progress.ts';
import { blobRequest, blobSubject, pullAccess, type RepositoryAccess } from './repository-access.ts';
import type { RegistryAnswer } from './session.ts';

/** HEAD: whether the repository has the blob with the descriptor's size. Throws what forbids to ask. */
export async function hasBlob(access: RepositoryAccess, blob: Descriptor, ctx: Context): Promise<boolean> {
  if (access.known.has(blob.digest)) return true;
  const request = blobRequest('HEAD', access, blob, pullAccess(access));
  const answer = await access.session.send(request, ctx);
  await answer.discard();
  if (answer.status === 404) return false;
  if (answer.status !== 200)
    throw await refusal(access.session, { request: request, answer }, blobSubject(access, blob), ctx);
  return isSeen(access, blob, answer);
}

/** Marks a blob as seen when a HEAD found it with the right size. */
export function isSeen(access: RepositoryAccess, blob: Descriptor, answer: RegistryAnswer): boolean {
  const size = answer.headers['content-length'];
  const isThere = answer.status === 200 && (size === undefined || Number(size) === blob.size);
  if (isThere) access.known.add(blob.digest);
  return isThere;
}

/**
 * GET of a blob. A connection that is cut goes on with a Range from where it stood; digest and size are checked over the whole.
 * Throws `BLOB_NOT_FOUND`, `CONTENT_MISMATCH`, `REGISTRY_*`.
 */
export function openBlob(access: RepositoryAccess, blob: Descriptor, ctx: Context): AsyncIterable<Uint8Array> {
  const bytes = withProgress(
    downloadBytes(access, blob, 0, ctx),
    { action: 'pull', target: access.description, blob },
    ctx,
  );
  return verifyStream(bytes, blob, blobSubject(access, blob).what);
}

/** The bytes from an offset on, unverified. */
export function openBlobAt(
  access: RepositoryAccess,
  blob: Descriptor,
  offset: number,
  ctx: Context,
): AsyncIterable<Uint8Array> {
  const transfer = { action: 'pull', target: access.description, blob, from: offset } as const;
  return withProgress(downloadBytes(access, blob, offset, ctx), transfer, ctx);
}
