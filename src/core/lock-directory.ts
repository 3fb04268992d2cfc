import type { Context } from './context.ts';

export function withLock<T>(path: string, ctx: Context, task: () => Promise<T>): Promise<T> {
  throw new Error(`not yet: ${path} ${ctx.tmp} ${typeof task}`);
}
