import type { Context } from '../core/context.ts';
import { retold, SlipwayError } from '../core/errors.ts';

type Details = Readonly<Record<string, string>>;

export function readingFrom(store: { readonly description: string }): Details {
  return { reading: store.description };
}

export function writingTo(store: { readonly description: string }): Details {
  return { writing: store.description };
}

/** Runs the task; what it throws says in its details which side failed. Code, message and hint stay. */
export async function blaming<T>(side: Details | (() => Details), ctx: Context, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof SlipwayError)) throw error;
    throw retold(error, { details: typeof side === 'function' ? side() : side });
  }
}
