import type { Headers } from './http.ts';

/** What a registry says about how many requests it still takes (`RateLimit-*`, as Docker Hub sends them). */
export interface RateLimit {
  readonly limit: number;
  readonly remaining: number;
  /** Seconds that the limit is for, or until it begins anew. */
  readonly windowSeconds?: number;
}

/** `RateLimit-Limit: 100;w=21600`, `RateLimit-Remaining: 76;w=21600`; undefined when they are not both there. */
export function rateLimitOf(headers: Headers): RateLimit | undefined {
  const limit = read(headers['ratelimit-limit'] ?? headers['x-ratelimit-limit']);
  const remaining = read(headers['ratelimit-remaining'] ?? headers['x-ratelimit-remaining']);
  if (limit === undefined || remaining === undefined) return undefined;
  const windowSeconds = remaining.window ?? limit.window;
  return {
    limit: limit.count,
    remaining: remaining.count,
    ...(windowSeconds === undefined ? {} : { windowSeconds }),
  };
}

/** `3 of 100 requests in 6 h are left`. */
export function describeRateLimit({ limit, remaining, windowSeconds }: RateLimit): string {
  const span = windowSeconds === undefined ? '' : ` in ${duration(windowSeconds)}`;
  return `${String(remaining)} of ${String(limit)} requests${span} are left`;
}

/** A tenth or less, and never when nothing is limited. */
export function isNearlyExhausted({ limit, remaining }: RateLimit): boolean {
  return limit > 0 && remaining * 10 <= limit;
}

function read(text: string | undefined): { readonly count: number; readonly window?: number } | undefined {
  const match = /^\s*(\d{1,12})(?:\s*;\s*w=(\d{1,9}))?/.exec(text ?? '');
  if (match === null) return undefined;
  return { count: Number(match[1]), ...(match[2] === undefined ? {} : { window: Number(match[2]) }) };
}

function duration(seconds: number): string {
  if (seconds % 3600 === 0) return `${String(seconds / 3600)} h`;
  return seconds % 60 === 0 ? `${String(seconds / 60)} min` : `${String(seconds)} s`;
}
