import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import { refusal } from './errors.ts';
import { handedUrl } from './follow.ts';
import { pushAccess, repositoryPath, type RepositoryAccess } from './repository-access.ts';
import type { RegistryAnswer, RegistryRequest } from './session.ts';

/** An upload that the registry keeps (distribution-spec, "pushing blobs"). */
export interface UploadSession {
  /** Where its next request goes: each answer may name another place, whose query is the registry's own. */
  readonly url: URL;
  /** Bytes that the registry has. */
  readonly offset: number;
  /** Fewest bytes of a chunk that is not the last (`OCI-Chunk-Min-Length`). */
  readonly minChunkBytes: number;
}

/** POST: a new session. */
export async function startUpload(access: RepositoryAccess, ctx: Context): Promise<UploadSession> {
  const request: RegistryRequest = {
    method: 'POST',
    to: repositoryPath(access, 'blobs/uploads/'),
    access: pushAccess(access),
  };
  const answer = await access.session.send(request, ctx);
  if (answer.status !== 202) {
    const subject = { what: access.description, action: 'write', missing: 'REGISTRY_ERROR' } as const;
    throw await refusal(access.session, { request, answer }, subject, ctx);
  }
  await answer.discard();
  return openedSession(access, answer);
}

/** The session that an answer opened. */
export function openedSession(access: RepositoryAccess, answer: RegistryAnswer): UploadSession {
  const location = answer.headers['location'];
  if (location === undefined)
    throw new SlipwayError('REGISTRY_ERROR', `${access.session.registry} started an upload without saying where`, {
      details: { request: answer.request },
    });
  const minimum = Number(answer.headers['oci-chunk-min-length'] ?? '0');
  return {
    url: handedUrl(location, answer.url, access.session.options),
    offset: 0,
    minChunkBytes: Number.isSafeInteger(minimum) && minimum > 0 ? minimum : 0,
  };
}

/** The session after an answer to its GET or PATCH; `sent` is taken where the registry does not say what it has. */
export function nextSession(
  access: RepositoryAccess,
  session: UploadSession,
  answer: RegistryAnswer,
  sent: number,
): UploadSession {
  const location = answer.headers['location'];
  const url = location === undefined ? session.url : handedUrl(location, answer.url, access.session.options);
  return { ...session, url, offset: receivedBytes(answer) ?? sent };
}

/** GET: what the registry has of it; undefined when it does not know the session, or will not say. */
export async function askUpload(
  access: RepositoryAccess,
  session: UploadSession,
  ctx: Context,
): Promise<UploadSession | undefined> {
  const request: RegistryRequest = { method: 'GET', to: session.url, access: pushAccess(access) };
  const answer = await access.session.send(request, ctx);
  await answer.discard();
  if (answer.status !== 204 || receivedBytes(answer) === undefined) return undefined;
  return nextSession(access, session, answer, 0);
}

/** DELETE; best effort, since a registry forgets sessions by itself. */
export async function cancelUpload(access: RepositoryAccess, session: UploadSession, ctx: Context): Promise<void> {
  const to = session.url;
  const request: RegistryRequest = { method: 'DELETE', to, access: pushAccess(access), repeat: 'once' };
  try {
    const answer = await access.session.send(request, ctx);
    await answer.discard();
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
  }
}

/** `Range: 0-999` is a thousand bytes; `0-0` is none, as registries write it for a session that just began. */
function receivedBytes(answer: RegistryAnswer): number | undefined {
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(answer.headers['range']?.trim() ?? '')?.[1];
  if (last === undefined) return undefined;
  return last === '0' ? 0 : Number(last) + 1;
}
