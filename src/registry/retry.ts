import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../core/context.ts';
import type { RetryOptions } from './options.ts';

const MAX_DELAY_MS = 10_000;
/** A registry that asks for a longer pause gets none: the command ends and says so. */
const MAX_RETRY_AFTER_MS = 60_000;

/** Answers that another try may change (contract §15.2, GAP-19). */
export function isPassingStatus(status: number): boolean {
  return status === 408 || status === 429 || status === 499 || (status >= 500 && status !== 501 && status !== 505);
}

/**
 * How long to wait after failed try number `attempt` (1, 2, …): the registry's Retry-After, else doubled each time with jitter.
 * Undefined = give up: no tries are left, or the registry asks for more than a minute.
 */
export function retryDelayMs(
  attempt: number,
  options: RetryOptions,
  now: Date,
  retryAfter?: string,
): number | undefined {
  if (attempt >= (options.attempts ?? 4)) return undefined;
  const asked = parseRetryAfter(retryAfter, now);
  if (asked !== undefined) return asked > MAX_RETRY_AFTER_MS ? undefined : asked;
  const delay = Math.min((options.baseDelayMs ?? 500) * 2 ** (attempt - 1), MAX_DELAY_MS);
  return Math.round(delay * (0.75 + randomInt(0, 501) / 1000));
}

/** Emits `http.retry` and waits; ends early with the signal's reason when the command is stopped. */
export async function pauseForRetry(
  retry: { readonly url: string; readonly attempt: number; readonly reason: string; readonly delayMs: number },
  ctx: Context,
): Promise<void> {
  ctx.emit({ type: 'http.retry', ...retry });
  if (retry.delayMs === 0) return;
  try {
    await sleep(retry.delayMs, undefined, { signal: ctx.signal });
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw error;
  }
}

/** Seconds or an HTTP date → milliseconds from now; undefined when there is none or it cannot be read. */
function parseRetryAfter(text: string | undefined, now: Date): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text.trim()) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}
