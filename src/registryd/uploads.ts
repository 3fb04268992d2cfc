import { isDigest, type Digest } from '../oci/digest.ts';
import { emptyAnswer, errorAnswer, type Answer } from './answer.ts';
import type { Call } from './call.ts';
import type { UploadSession } from './sessions.ts';

/** POST `/blobs/uploads/`: mount, monolithic, or a new session (distribution-spec, "pushing blobs"). */
export async function startUpload(call: Call, repository: string): Promise<Answer> {
  if (call.method !== 'POST') return errorAnswer(405, 'UNSUPPORTED', 'only POST starts an upload', { allow: 'POST' });
  const mount = call.query.get('mount');
  if (mount !== null && isDigest(mount) && (await isMounted(call, repository, mount)))
    return created(repository, mount);
  const text = call.query.get('digest');
  if (text !== null && !isDigest(text)) return badDigest(text);
  const algorithm = [text ?? mount, call.query.get('digest-algorithm')].some((name) => name?.startsWith('sha512'))
    ? 'sha512'
    : 'sha256';
  const session = call.sessions.begin(
    { repository, blob: await call.backend.beginBlob(call.ctx), algorithm },
    call.ctx,
  );
  if (text === null) return progress(202, session);
  try {
    return await finish(call, session, text);
  } finally {
    // Nobody knows this session: it cannot be continued.
    call.sessions.end(session);
  }
}

/** GET, PATCH, PUT, DELETE of an upload session. */
export async function continueUpload(call: Call, repository: string, id: string): Promise<Answer> {
  const session = call.sessions.find(repository, id, call.ctx);
  if (session === undefined) return errorAnswer(404, 'BLOB_UPLOAD_UNKNOWN', 'there is no such upload');
  switch (call.method) {
    case 'GET':
      return progress(204, session);
    case 'DELETE':
      call.sessions.end(session);
      return emptyAnswer(204);
    case 'PATCH':
      return session.exclusive(async () => {
        if (!followsOn(call, session)) return outOfOrder(session);
        await session.append(call.body);
        return progress(202, session);
      });
    case 'PUT': {
      const text = call.query.get('digest') ?? '';
      if (!isDigest(text)) return badDigest(text);
      return session.exclusive(async () =>
        followsOn(call, session) ? finish(call, session, text) : outOfOrder(session),
      );
    }
    default:
      return errorAnswer(405, 'UNSUPPORTED', `${call.method} means nothing here`, { allow: 'GET, PATCH, PUT, DELETE' });
  }
}

/** From the repository that the client names, else from any that it may pull from (distribution-spec, "mounting a blob"). */
async function isMounted(call: Call, repository: string, digest: Digest): Promise<boolean> {
  const from = call.query.get('from');
  const candidates = from === null ? await call.backend.repositories(call.ctx) : [from];
  for (const candidate of candidates) {
    if (!(await call.mayPull(candidate))) continue;
    if (await call.backend.mountBlob(repository, digest, candidate, call.ctx)) return true;
  }
  return false;
}

/** A body that breaks off leaves the session as far as it came. */
async function finish(call: Call, session: UploadSession, digest: Digest): Promise<Answer> {
  await session.append(call.body);
  try {
    if (!(await session.matches(digest)))
      return errorAnswer(400, 'DIGEST_INVALID', 'the bytes do not have the stated digest');
    await session.commit(digest);
    return created(session.repository, digest);
  } finally {
    call.sessions.end(session);
  }
}

/** A chunk must begin where the last one ended (distribution-spec, "pushing a blob in chunks"). */
function followsOn(call: Call, session: UploadSession): boolean {
  const start = /^(?:bytes[ =])?(\d+)-\d+/.exec(call.headers['content-range'] ?? '')?.[1];
  return start === undefined || Number(start) === session.size();
}

function outOfOrder(session: UploadSession): Answer {
  const { location = '', range = '' } = progress(416, session).headers;
  return errorAnswer(416, 'BLOB_UPLOAD_INVALID', 'the chunk does not follow on', { location, range });
}

function progress(status: number, session: UploadSession): Answer {
  return emptyAnswer(status, {
    location: `/v2/${session.repository}/blobs/uploads/${session.id}`,
    range: `0-${String(Math.max(0, session.size() - 1))}`,
    'docker-upload-uuid': session.id,
  });
}

function created(repository: string, digest: Digest): Answer {
  return emptyAnswer(201, { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest });
}

function badDigest(text: string): Answer {
  return errorAnswer(400, 'DIGEST_INVALID', `"${text.slice(0, 80)}" is not a digest`);
}
