import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { refusal } from './errors.ts';
import { displayUrl } from './http.ts';
import { networkFailure, unreachable } from './network-error.ts';
import { blobRequest, blobSubject, pullAccess, type RepositoryAccess } from './repository-access.ts';
import { pauseForRetry, retryDelayMs } from './retry.ts';
import type { RegistryAnswer } from './session.ts';

/** However often some bytes come and the connection is cut again. */
const MAX_RESUMES = 50;

/**
 * The bytes of a blob from `from` on, unverified. A connection that is cut goes on with a Range from where it stood; each request asks the
 * registry itself, since the addresses that it redirects to expire. No If-Range: what a digest names never changes, and two hosts of one
 * store may call it by two ETags. Tries without progress are bounded.
 */
export async function* downloadBytes(
  access: RepositoryAccess,
  blob: Descriptor,
  from: number,
  ctx: Context,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { registry, options } = access.session;
  let offset = from;
  let attempt = 0;
  for (let connections = 1; ; connections += 1) {
    const answer = await request(access, blob, offset, ctx);
    const before = offset;
    let failure: unknown;
    try {
      for await (const chunk of skip(answer, blob, offset)) {
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
async function* skip(answer: RegistryAnswer, blob: Descriptor, offset: number): AsyncGenerator<Uint8Array> {
  let position = answer.status === 206 ? rangeStart(answer, blob, offset) : 0;
  for await (const chunk of answer.body) {
    const from = Math.max(0, offset - position);
    position += chunk.byteLength;
    if (from < chunk.byteLength) yield from === 0 ? chunk : chunk.subarray(from);
  }
}

/** Throws `REGISTRY_ERROR` for a part that begins behind the asked one, or is one of another blob. */
function rangeStart(answer: RegistryAnswer, blob: Descriptor, offset: number): number {
  const header = answer.headers['content-range'];
  if (header === undefined) return offset;
  const [, first = '', total = ''] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header.trim()) ?? [];
  const start = first === '' ? Number.NaN : Number(first);
  if (start <= offset && (total === '*' || Number(total) === blob.size)) return start;
  throw new SlipwayError('REGISTRY_ERROR', `${displayUrl(answer.url)} answered with another range than asked for`, {
    details: {
      asked: `bytes=${String(offset)}- of ${String(blob.size)}`,
      answered: header.slice(0, 80),
    },
  });
}
