import type { Context } from '../core/context.ts';
import { hasCode, SlipwayError } from '../core/errors.ts';
import type { Blob } from '../ports/blob.ts';
import { createBlobReader, type BlobReader } from './blob-reader.ts';
import { refusal } from './errors.ts';
import { maySpeakTo } from './address.ts';
import { displayUrl } from './http.ts';
import { networkFailure } from './network-error.ts';
import { withProgress } from './progress.ts';
import { blobSubject, pushAccess, type RepositoryAccess } from './repository-access.ts';
import { isPassingStatus, pauseForRetry, retryDelayMs } from './retry.ts';
import type { RegistryAnswer, RegistryRequest } from './session.ts';
import { createUploadMemory, NO_MEMORY, type UploadKey, type UploadMemory } from './upload-memory.ts';
import { askUpload, nextSession, startUpload, type UploadSession } from './upload-session.ts';

/** However often some bytes come through and the connection is cut again. */
const MAX_TRIES = 50;
/** Smaller blobs are sent again sooner than their session is written down. */
const REMEMBERED_BYTES = 4 * 1024 * 1024;
/** What is tried when something on the way refuses a body as too large (413). */
const SMALLER_CHUNKS: readonly number[] = [64, 8, 1].map((mebibytes) => mebibytes * 1024 * 1024);

/** An upload under way. */
interface Upload {
  readonly access: RepositoryAccess;
  readonly blob: Blob;
  readonly reader: BlobReader;
  readonly memory: UploadMemory;
  /** Most bytes of a request; undefined: all that is missing. */
  chunkBytes: number | undefined;
  session: UploadSession | undefined;
  /** Whether the session has bytes of a request that was cut, or of an earlier run. */
  isContinued: boolean;
}

/** Why it stopped, and what may come next. */
interface Stop {
  readonly reason: string;
  readonly error: unknown;
  readonly url: URL;
  readonly retryAfter?: string | undefined;
  /** `ask`: the session may go on; `renew`: it is lost; `at-once`: a new one, and no waiting. */
  readonly next: 'ask' | 'renew' | 'at-once';
}

/**
 * Sends a blob's bytes: in one PUT, or in chunks where that is wished. A request that is cut goes on where the registry says that it stands
 * (GET of the session), in a later run of the program too when uploads are remembered; a registry that has lost the session gets a new
 * one. Tries without progress are bounded. Throws `REGISTRY_*`, the blob source's errors.
 */
export async function uploadBytes(
  access: RepositoryAccess,
  blob: Blob,
  opened: UploadSession | undefined,
  ctx: Context,
): Promise<void> {
  const { options, registry } = access.session;
  const { size, digest } = blob.descriptor;
  const directory = size < REMEMBERED_BYTES ? undefined : options.uploads?.memory;
  const key: UploadKey = { registry, repository: access.repository, digest };
  const upload: Upload = {
    access,
    blob,
    reader: createBlobReader(blob),
    memory: directory === undefined ? NO_MEMORY : createUploadMemory(directory),
    chunkBytes: options.uploads?.chunkBytes,
    session: opened,
    isContinued: false,
  };
  try {
    if (opened === undefined) await recall(upload, key, ctx);
    await tryAll(upload, key, ctx);
  } finally {
    upload.reader.close();
  }
  await upload.memory.forget(key);
}

async function tryAll(upload: Upload, key: UploadKey, ctx: Context): Promise<void> {
  const { access } = upload;
  let furthest = 0;
  let attempt = 0;
  for (let tries = 1; ; tries += 1) {
    const stop = await trySession(upload, key, ctx);
    if (stop === undefined) return;
    upload.reader.close();
    const { session } = upload;
    const asked = stop.next === 'ask' && session !== undefined ? await askUpload(access, session, ctx) : undefined;
    upload.session = asked !== undefined && isUsable(asked, upload.blob) ? asked : undefined;
    upload.isContinued = upload.session !== undefined;
    const reached = upload.session?.offset ?? 0;
    attempt = reached > furthest ? 1 : attempt + 1;
    furthest = Math.max(furthest, reached);
    const delayMs =
      stop.next === 'at-once'
        ? 0
        : retryDelayMs(attempt, access.session.options.retry ?? {}, ctx.clock.now(), stop.retryAfter);
    if (delayMs === undefined || tries > MAX_TRIES) throw stop.error;
    await pauseForRetry({ url: displayUrl(stop.url), attempt, reason: stop.reason, delayMs }, ctx);
  }
}

/** Sends what is missing, a request at a time; undefined when the blob is there. */
async function trySession(upload: Upload, key: UploadKey, ctx: Context): Promise<Stop | undefined> {
  const { access, blob } = upload;
  const { size } = blob.descriptor;
  if (upload.session === undefined) {
    upload.session = await startUpload(access, ctx);
    await upload.memory.remember(key, upload.session.url, ctx);
  }
  for (;;) {
    const session: UploadSession = upload.session;
    const missing = size - session.offset;
    const most = upload.chunkBytes === undefined ? missing : Math.max(upload.chunkBytes, session.minChunkBytes);
    // The end has a request of its own where bytes went before: not every registry takes a last chunk with it.
    const isLast = missing === 0 || (session.offset === 0 && size <= most);
    const request = isLast ? finalRequest(upload, session, ctx) : chunkRequest(upload, session, most, ctx);
    const answer = await sent(access, request, ctx);
    if (!('status' in answer)) return answer;
    if (isLast && (answer.status === 201 || answer.status === 204)) return answer.discard().then(() => undefined);
    if (isLast || (answer.status !== 202 && answer.status !== 204)) return judge(upload, request, answer, ctx);
    await answer.discard();
    const next = nextSession(access, session, answer, session.offset + Math.min(most, missing));
    if (next.offset <= session.offset || next.offset > size) return lostBytes(upload, request, next);
    upload.session = next;
    await upload.memory.remember(key, next.url, ctx);
  }
}

type UploadRequest = RegistryRequest & { readonly to: URL };

/** PUT: all of it, or nothing more than its digest. */
function finalRequest({ access, blob, reader }: Upload, session: UploadSession, ctx: Context): UploadRequest {
  const to = new URL(session.url);
  to.searchParams.set('digest', blob.descriptor.digest);
  return bodyRequest({ method: 'PUT', to, access, blob, reader }, session.offset, blob.descriptor.size, ctx);
}

/** PATCH: the next bytes. */
function chunkRequest(
  { access, blob, reader }: Upload,
  session: UploadSession,
  most: number,
  ctx: Context,
): UploadRequest {
  const end = Math.min(session.offset + most, blob.descriptor.size);
  const request = bodyRequest({ method: 'PATCH', to: session.url, access, blob, reader }, session.offset, end, ctx);
  const range = `${String(session.offset)}-${String(end - 1)}`;
  return { ...request, headers: { ...request.headers, 'content-range': range } };
}

function bodyRequest(
  {
    method,
    to,
    access,
    blob,
    reader,
  }: Pick<Upload, 'access' | 'blob' | 'reader'> & Pick<UploadRequest, 'to' | 'method'>,
  offset: number,
  end: number,
  ctx: Context,
): UploadRequest {
  const transfer = { action: 'push', target: access.description, blob: blob.descriptor, from: offset } as const;
  const size = end - offset;
  return {
    method,
    to,
    access: pushAccess(access),
    headers: { 'content-type': 'application/octet-stream' },
    body: { kind: 'stream', size, open: (signal) => withProgress(reader.read(offset, size, signal), transfer, ctx) },
    repeat: 'once',
  };
}

async function sent(access: RepositoryAccess, request: UploadRequest, ctx: Context): Promise<RegistryAnswer | Stop> {
  try {
    return await access.session.send(request, ctx);
  } catch (error) {
    ctx.signal.throwIfAborted();
    const failure = hasCode(error, 'REGISTRY_UNREACHABLE') ? networkFailure(error.cause) : undefined;
    if (failure?.isPassing !== true) throw error;
    return { reason: failure.text, error, url: request.to, next: 'ask' };
  }
}

/** What a refusal means: the session is gone, something on the way takes no such body, the registry is busy; else it is thrown. */
async function judge(upload: Upload, request: UploadRequest, answer: RegistryAnswer, ctx: Context): Promise<Stop> {
  const { access, blob } = upload;
  const { status } = answer;
  const error = await refusal(access.session, { request, answer }, blobSubject(access, blob.descriptor, 'write'), ctx);
  const stop = { reason: `${access.session.registry} answered ${String(status)}`, error, url: request.to } as const;
  if (status === 413) {
    const limit = upload.chunkBytes ?? blob.descriptor.size;
    const smaller = SMALLER_CHUNKS.find((bytes) => bytes < limit);
    if (smaller === undefined) throw error;
    upload.chunkBytes = smaller;
    return { ...stop, next: 'at-once' };
  }
  // What earlier requests left there was not what it should have been.
  if (status === 400 && upload.isContinued) return { ...stop, next: 'renew' };
  if (status === 404) return { ...stop, next: 'renew' };
  if (status !== 416 && !isPassingStatus(status)) throw error;
  return { ...stop, retryAfter: answer.headers['retry-after'], next: 'ask' };
}

/** The registry took a chunk and says that it has less than before, or more than there is. */
function lostBytes({ access, blob }: Upload, request: UploadRequest, next: UploadSession): Stop {
  const reason = `${access.session.registry} says that it has ${String(next.offset)} bytes of ${blob.descriptor.digest}`;
  const error = new SlipwayError('REGISTRY_ERROR', `${reason}, which cannot be`, {
    details: { request: `${request.method} ${request.to.pathname}` },
  });
  return { reason, error, url: request.to, next: 'renew' };
}

/** Goes on with the session of an earlier run, when the registry still knows it. */
async function recall(upload: Upload, key: UploadKey, ctx: Context): Promise<void> {
  const { access, memory, blob } = upload;
  const url = await memory.recall(key, ctx);
  if (url === undefined || !maySpeakTo(url, access.session.options)) return;
  const asked = await askUpload(access, { url, offset: 0, minChunkBytes: 0 }, ctx);
  if (asked === undefined || !isUsable(asked, blob)) return memory.forget(key);
  upload.session = asked;
  upload.isContinued = true;
  await memory.remember(key, asked.url, ctx);
}

/** A session without bytes is not worth its riddle: registries write none and one in the same way. */
function isUsable({ offset }: UploadSession, { descriptor }: Blob): boolean {
  return offset > 0 && offset <= descriptor.size;
}
