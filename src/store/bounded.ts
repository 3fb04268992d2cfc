import { setMaxListeners } from 'node:events';
import type { Context } from '../core/context.ts';

/**
 * Runs the task for every item, at most `limit` at once. The first failure stops the rest (their context's signal aborts), and is
 * thrown after all that were running have ended, so that nothing works on behind the caller's back. Independent of `ctx.limiter`:
 * a task may use that one.
 */
export async function eachBounded<T>(
  items: readonly T[],
  limit: number,
  ctx: Context,
  task: (item: T, ctx: Context) => Promise<unknown>,
): Promise<void> {
  const controller = new AbortController();
  const inner: Context = { ...ctx, signal: AbortSignal.any([ctx.signal, controller.signal]) };
  // Every task in flight listens more than once: no sign of a leak.
  setMaxListeners(0, inner.signal);
  const failures: { readonly error: unknown }[] = [];
  const waiting = items.values();
  const work = async (): Promise<void> => {
    for (const item of waiting) {
      try {
        inner.signal.throwIfAborted();
        await task(item, inner);
      } catch (error) {
        failures.push({ error });
        controller.abort(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  if (failures[0] !== undefined) throw failures[0].error;
}
