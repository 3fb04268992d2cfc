import type { Context } from '../core/context.ts';
import type { Digest } from '../oci/digest.ts';
import type { Blob } from '../ports/blob.ts';
import type { PutOptions, PutOutcome } from '../ports/store.ts';

type Put = (blob: Blob, ctx: Context, options?: PutOptions) => Promise<PutOutcome>;

interface Running {
  readonly outcome: Promise<PutOutcome>;
  readonly stop: AbortController;
  /** Callers that still want it. */
  waiting: number;
}

/**
 * Puts of the same blob at the same time share one upload, which the first caller's bytes fill. A caller that is stopped leaves it to the
 * others; it ends when nobody waits for it any more.
 */
export function sharedPut(put: Put): Put {
  const running = new Map<Digest, Running>();
  const drop = (digest: Digest, begun: Running): void => {
    if (running.get(digest) === begun) running.delete(digest);
  };
  const begin = (blob: Blob, ctx: Context, options: PutOptions | undefined): Running => {
    const { digest } = blob.descriptor;
    const stop = new AbortController();
    const outcome = put(blob, { ...ctx, signal: stop.signal }, options).finally(() => drop(digest, begun));
    const begun: Running = { outcome, stop, waiting: 0 };
    running.set(digest, begun);
    return begun;
  };
  return async (blob, ctx, options) => {
    ctx.signal.throwIfAborted();
    const other = running.get(blob.descriptor.digest);
    const shared = other ?? begin(blob, ctx, options);
    const outcome = await awaited(shared, ctx.signal, () => drop(blob.descriptor.digest, shared));
    return other === undefined ? outcome : 'existed';
  };
}

/** The outcome, or the signal's reason as soon as it fires; the last one to leave stops the upload and waits for its end. */
async function awaited(shared: Running, signal: AbortSignal, drop: () => void): Promise<PutOutcome> {
  shared.waiting += 1;
  let leave = (): void => undefined;
  const left = new Promise<undefined>((resolve) => {
    leave = () => resolve(undefined);
  });
  signal.addEventListener('abort', leave, { once: true });
  try {
    const outcome = await Promise.race([shared.outcome, left]);
    if (outcome !== undefined) return outcome;
  } finally {
    shared.waiting -= 1;
    signal.removeEventListener('abort', leave);
  }
  if (shared.waiting === 0) {
    // Whoever comes now begins anew.
    drop();
    shared.stop.abort(signal.reason);
    await shared.outcome.catch(() => undefined);
  }
  signal.throwIfAborted();
  return shared.outcome;
}
