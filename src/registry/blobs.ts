import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { verifyStream } from '../oci/verify-stream.ts';
import type { Access } from './auth.ts';
import { refusal } from './errors.ts';
import { displayUrl } from './http.ts';
import { networkFailure, unreachable } from './network-error.ts';
import { withProgress } from './progress.ts';
import { blobSubject, pullAccess, repositoryPath, type RepositoryAccess } from './repository-access.ts';
import { pauseForRetry, retryDelayMs } from './retry.ts';
import type { RegistryAnswer, RegistryRequest } from './session.ts';

/** However often some bytes come and the connection is cut again. */
const MAX_RESUMES = 50;

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
  const bytes = withProgress(resumed(access, blob, ctx), { action: 'pull', target: access.description, blob }, ctx);
  return verifyStream(bytes, blob, blobSubject(access, blob).what);
}

export function blobRequest(
  method: 'GET' | 'HEAD',
  access: RepositoryAccess,
  blob: Descriptor,
  scope: Access,
): RegistryRequest {
  return { method, to: repositoryPath(access, `blobs/${blob.digest}`), access: scope };
}

async function* resumed(access: RepositoryAccess, blob: Descriptor, ctx: Context): AsyncGenerator<Uint8Array> {
  const { registry, options } = access.session;
  let offset = 0;
  let attempt = 0;
  for (let connections = 1; ; connections += 1) {
    const answer = await request(access, blob, offset, ctx);
    const before = offset;
    let failure: unknown;
    try {
      for await (const chunk of skip(answer, offset)) {
        offset += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      ctx.signal.throwIfAborted();
      if (networkFailure(error)?.isPassing !== true) throw unreachable(error, registry, answer.url, answer.request);
      failure = error;
    }
    if (offset >= blob.size || (failure === undefined && offset === before)) return;
    attempt = offset > before ? 1 : attempt + 1;
    const delayMs = retryDelayMs(attempt, options.retry ?? {}, ctx.clock.now());
    if (delayMs === undefined || connections > MAX_RESUMES) {
      if (failure === undefined) return;
      throw unreachable(failure, registry, answer.url, answer.request);
    }
    const reason = `the connection was cut after ${String(offset)} of ${String(blob.size)} bytes`;
    await pauseForRetry({ url: displayUrl(answer.url), attempt, reason, delayMs }, ctx);
  }
}

async function request(
  access: RepositoryAccess,
  blob: Descriptor,
  offset: number,
  ctx: Context,
): Promise<RegistryAnswer> {
  const plain = blobRequest('GET', access, blob, pullAccess(access));
  const wanted = offset === 0 ? plain : { ...plain, headers: { range: `bytes=${String(offset)}-` } };
  const answer = await access.session.send(wanted, ctx);
  if (answer.status === 200 || (answer.status === 206 && offset > 0)) return answer;
  throw await refusal(access.session, { request: plain, answer }, blobSubject(access, blob), ctx);
}

/** The bytes from `offset` on, whether the registry honoured the Range (206) or began from the start again (200). */
async function* skip(answer: RegistryAnswer, offset: number): AsyncGenerator<Uint8Array> {
  let position = answer.status === 206 ? rangeStart(answer, offset) : 0;
  for await (const chunk of answer.body) {
    const from = Math.max(0, offset - position);
    position += chunk.byteLength;
    if (from < chunk.byteLength) yield from === 0 ? chunk : chunk.subarray(from);
  }
}

function rangeStart(answer: RegistryAnswer, offset: number): number {
  const header = answer.headers['content-range'];
  if (header === undefined) return offset;
  const start = Number(/^bytes (\d+)-/.exec(header)?.[1] ?? Number.NaN);
  if (Number.isNaN(start) || start > offset)
    throw new SlipwayError('REGISTRY_ERROR', `${displayUrl(answer.url)} answered with another range than asked for`, {
      details: { asked: `bytes=${String(offset)}-`, answered: header.slice(0, 80) },
    });
  return start;
}
