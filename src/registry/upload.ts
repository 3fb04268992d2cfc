import type { Context } from '../core/context.ts';
import type { Blob, Origin } from '../ports/blob.ts';
import type { PutOptions, PutOutcome } from '../ports/store.ts';
import { isSeen } from './blobs.ts';
import { blobRequest, pushAccess, repositoryPath, type RepositoryAccess } from './repository-access.ts';
import { uploadBytes } from './upload-bytes.ts';
import { cancelUpload, openedSession, startUpload, type UploadSession } from './upload-session.ts';

/** Repositories that are asked for a mount before the bytes are sent. */
const MAX_MOUNTS = 3;

/** Puts a blob into the repository: there already → mounted → sent. The registry checks the digest. */
export async function putBlob(
  access: RepositoryAccess,
  blob: Blob,
  ctx: Context,
  options: PutOptions = {},
): Promise<PutOutcome> {
  if (access.known.has(blob.descriptor.digest)) return 'existed';
  if (await isThere(access, blob, ctx)) return 'existed';
  const session = await mount(access, blob, options.origins ?? [], ctx);
  if (session === 'mounted') {
    access.known.add(blob.descriptor.digest);
    return 'mounted';
  }
  await uploadBytes(access, blob, session, ctx);
  access.known.add(blob.descriptor.digest);
  return 'written';
}

/** Starts an upload and cancels it: whether this client may write there (contract §9.2). */
export async function checkWrite(access: RepositoryAccess, ctx: Context): Promise<void> {
  await cancelUpload(access, await startUpload(access, ctx), ctx);
}

/** A refusal to look is not final: who may push but not pull finds out by pushing. */
async function isThere(access: RepositoryAccess, blob: Blob, ctx: Context): Promise<boolean> {
  const answer = await access.session.send(blobRequest('HEAD', access, blob.descriptor, pushAccess(access)), ctx);
  await answer.discard();
  return isSeen(access, blob.descriptor, answer);
}

/** `mounted`, or the upload session that the registry opened instead, or undefined. */
async function mount(
  access: RepositoryAccess,
  blob: Blob,
  origins: readonly Origin[],
  ctx: Context,
): Promise<'mounted' | UploadSession | undefined> {
  let opened: UploadSession | undefined;
  const candidates = origins
    .filter(({ registry, repository }) => registry === access.session.registry && repository !== access.repository)
    .slice(0, MAX_MOUNTS);
  for (const { repository } of candidates) {
    if (opened !== undefined) await cancelUpload(access, opened, ctx);
    opened = undefined;
    const query = new URLSearchParams({ mount: blob.descriptor.digest, from: repository });
    const to = repositoryPath(access, `blobs/uploads/?${query.toString()}`);
    const answer = await access.session.send({ method: 'POST', to, access: pushAccess(access, repository) }, ctx);
    await answer.discard();
    if (answer.status === 201) return 'mounted';
    if (answer.status === 202) opened = openedSession(access, answer);
  }
  return opened;
}
