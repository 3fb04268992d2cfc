import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from './clock.ts';
import type { Context, Product } from './context.ts';
import type { Emit } from './events.ts';
import { createLimiter } from './limiter.ts';

export interface ContextOptions {
  /** Stops the work with its reason. */
  readonly signal?: AbortSignal;
  /** Is told what happens. */
  readonly emit?: Emit;
  /** Who labels name as the maker of an image; default: nobody. */
  readonly product?: Product;
  /** Network and copy tasks at once; default 4. */
  readonly concurrency?: number;
  /** Where the private temporary directory is made; default: the machine's. */
  readonly tmp?: string;
}

/** Runs a task with a context of its own, whose temporary directory goes when the task has ended. */
export async function withContext<T>(options: ContextOptions, task: (ctx: Context) => Promise<T>): Promise<T> {
  const tmp = await mkdtemp(join(options.tmp ?? tmpdir(), 'slipway-'));
  try {
    return await task({
      signal: options.signal ?? new AbortController().signal,
      clock: systemClock,
      emit: options.emit ?? ((): void => undefined),
      tmp,
      limiter: createLimiter(options.concurrency ?? 4),
      product: options.product ?? { version: '', commit: '', repository: '' },
    });
  } finally {
    await rm(tmp, { recursive: true, force: true });
  }
}
