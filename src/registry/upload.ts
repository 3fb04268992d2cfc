import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Blob, Origin } from '../ports/blob.ts';
import type { PutOptions, PutOutcome } from '../ports/store.ts';
import { blobRequest, isSeen } from './blobs.ts';
import { refusal } from './errors.ts';
import { handedUrl } from './follow.ts';
import { displayUrl } from './http.ts';
import { networkFailure } from './network-error.ts';
import { withProgress } from './progress.ts';
import { blobSubject, pushAccess, repositoryPath, type RepositoryAccess } from './repository-access.ts';
import { isPassingStatus, pauseForRetry, retryDelayMs } from './retry.ts';
import type { RegistryAnswer, RegistryRequest } from './session.ts';

/** Repositories that are asked for a mount before the bytes are sent. */
const MAX_MOUNTS = 3;

/** Puts a blob into the repository: there already → mounted → sent in one piece. The registry checks the digest. */
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
  await upload(access, blob, session, ctx);
  access.known.add(blob.descriptor.digest);
  return 'written';
}

/** Starts an upload and cancels it: whether this client may write there (contract §9.2). */
export async function checkWrite(access: RepositoryAccess, ctx: Context): Promise<void> {
  const subject = { what: access.description, action: 'write', missing: 'REGISTRY_ERROR' } as const;
  const request = startRequest(access);
  const answer = await access.session.send(request, ctx);
  if (answer.status !== 202) throw await refusal(access.session, { request: request, answer }, subject, ctx);
  await answer.discard();
  await cancel(access, sessionUrl(access, answer), ctx);
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
): Promise<'mounted' | URL | undefined> {
  let opened: URL | undefined;
  const candidates = origins
    .filter(({ registry, repository }) => registry === access.session.registry && repository !== access.repository)
    .slice(0, MAX_MOUNTS);
  for (const { repository } of candidates) {
    if (opened !== undefined) await cancel(access, opened, ctx);
    opened = undefined;
    const query = new URLSearchParams({ mount: blob.descriptor.digest, from: repository });
    const to = repositoryPath(access, `blobs/uploads/?${query.toString()}`);
    const answer = await access.session.send({ method: 'POST', to, access: pushAccess(access, repository) }, ctx);
    await answer.discard();
    if (answer.status === 201) return 'mounted';
    if (answer.status === 202) opened = sessionUrl(access, answer);
  }
  return opened;
}

/** POST and PUT; a failure that may pass starts over with a new session, since the old one may be half full. */
async function upload(access: RepositoryAccess, blob: Blob, opened: URL | undefined, ctx: Context): Promise<void> {
  const { registry, options } = access.session;
  const subject = blobSubject(access, blob.descriptor, 'write');
  let session = opened;
  for (let attempt = 1; ; attempt += 1) {
    session ??= await start(access, ctx);
    const request = finishRequest(access, session, blob, ctx);
    session = undefined;
    let reason: string;
    let delayMs: number | undefined;
    try {
      const answer = await access.session.send(request, ctx);
      if (answer.status === 201 || answer.status === 204) {
        await answer.discard();
        return;
      }
      delayMs = mayStartOver(answer.status)
        ? retryDelayMs(attempt, options.retry ?? {}, ctx.clock.now(), answer.headers['retry-after'])
        : undefined;
      if (delayMs === undefined) throw await refusal(access.session, { request: request, answer }, subject, ctx);
      await answer.discard();
      reason = `${registry} answered ${String(answer.status)}`;
    } catch (error) {
      const failure = error instanceof SlipwayError ? networkFailure(error.cause) : undefined;
      delayMs =
        error instanceof SlipwayError && error.code === 'REGISTRY_UNREACHABLE' && failure?.isPassing === true
          ? retryDelayMs(attempt, options.retry ?? {}, ctx.clock.now())
          : undefined;
      if (failure === undefined || delayMs === undefined) throw error;
      reason = failure.text;
    }
    const url = displayUrl(new URL(request.to));
    await pauseForRetry({ url, attempt, reason, delayMs }, ctx);
  }
}

/** 404: the session is gone. 416: the registry has another count of its bytes. */
function mayStartOver(status: number): boolean {
  return isPassingStatus(status) || status === 404 || status === 416;
}

async function start(access: RepositoryAccess, ctx: Context): Promise<URL> {
  const request = startRequest(access);
  const answer = await access.session.send(request, ctx);
  if (answer.status !== 202) {
    const subject = { what: access.description, action: 'write', missing: 'REGISTRY_ERROR' } as const;
    throw await refusal(access.session, { request: request, answer }, subject, ctx);
  }
  await answer.discard();
  return sessionUrl(access, answer);
}

function startRequest(access: RepositoryAccess): RegistryRequest {
  return { method: 'POST', to: repositoryPath(access, 'blobs/uploads/'), access: pushAccess(access) };
}

function finishRequest(
  access: RepositoryAccess,
  session: URL,
  blob: Blob,
  ctx: Context,
): RegistryRequest & { readonly to: URL } {
  const transfer = { action: 'push', target: access.description, blob: blob.descriptor } as const;
  const to = new URL(session);
  to.searchParams.set('digest', blob.descriptor.digest);
  return {
    method: 'PUT',
    to,
    access: pushAccess(access),
    headers: { 'content-type': 'application/octet-stream' },
    body: {
      kind: 'stream',
      size: blob.descriptor.size,
      open: (signal) => withProgress(blob.open(signal), transfer, ctx),
    },
    repeat: 'once',
  };
}

/** Where the bytes of an upload go: relative or absolute, with whatever query the registry put there. */
function sessionUrl(access: RepositoryAccess, answer: RegistryAnswer): URL {
  const location = answer.headers['location'];
  if (location === undefined)
    throw new SlipwayError('REGISTRY_ERROR', `${access.session.registry} started an upload without saying where`, {
      details: { request: answer.request },
    });
  return handedUrl(location, answer.url, access.session.options);
}

/** Best effort: a registry forgets sessions by itself. */
async function cancel(access: RepositoryAccess, session: URL, ctx: Context): Promise<void> {
  const request: RegistryRequest = { method: 'DELETE', to: session, access: pushAccess(access), repeat: 'once' };
  try {
    const answer = await access.session.send(request, ctx);
    await answer.discard();
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
  }
}
