import type { Context } from '../core/context.ts';

/** Runs a part of a phase between the lifecycle's two `Timer:` lines (contract §18.1, level debug). */
export async function withTimer<T>(name: string, ctx: Context, task: () => Promise<T>): Promise<T> {
  const start = ctx.clock.monotonicMs();
  debug(ctx, `Timer: ${name} started at ${rfc3339(ctx.clock.now())}`);
  try {
    return await task();
  } finally {
    const took = goDuration(ctx.clock.monotonicMs() - start);
    debug(ctx, `Timer: ${name} ran for ${took} and ended at ${rfc3339(ctx.clock.now())}`);
  }
}

/** Milliseconds as Go prints a duration: `570.6µs`, `12.851075ms`, `1m2.5s`. */
export function goDuration(ms: number): string {
  const nanoseconds = Math.round(ms * 1e6);
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e3) return `${String(nanoseconds)}ns`;
  if (nanoseconds < 1e6) return `${decimal(nanoseconds / 1e3)}µs`;
  if (nanoseconds < 1e9) return `${decimal(nanoseconds / 1e6)}ms`;
  const minutes = Math.floor(nanoseconds / 60e9);
  const seconds = `${decimal((nanoseconds - minutes * 60e9) / 1e9)}s`;
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${String(minutes)}m${seconds}` : `${String(hours)}h${String(minutes % 60)}m${seconds}`;
}

function decimal(value: number): string {
  return String(Number(value.toFixed(9)));
}

function rfc3339(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}

function debug(ctx: Context, message: string): void {
  ctx.emit({ type: 'log', level: 'debug', message });
}
