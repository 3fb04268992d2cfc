import { setImmediate } from 'node:timers/promises';
import type { Context } from '../core/context.ts';

/** Lets the rest of the program live while files are read synchronously: sockets, progress, and the abort signal. */
export interface Pacer {
  /** To be awaited now and then; gives way when 10 ms have passed. Throws the signal's reason once that is aborted. */
  readonly pause: () => Promise<void>;
}

const SLICE_MS = 10;
/** Steps between two looks at the clock. */
const STEPS = 16;

export function createPacer(ctx: Context): Pacer {
  let last = ctx.clock.monotonicMs();
  let steps = 0;
  return {
    pause: async () => {
      steps += 1;
      if (steps < STEPS) return;
      steps = 0;
      ctx.signal.throwIfAborted();
      if (ctx.clock.monotonicMs() - last < SLICE_MS) return;
      await setImmediate();
      ctx.signal.throwIfAborted();
      last = ctx.clock.monotonicMs();
    },
  };
}
