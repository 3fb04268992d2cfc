import type { Context } from '../core/context.ts';
import { isUnverified, type AddressOptions } from './address.ts';
import type { FollowedResponse } from './follow.ts';
import { describeRateLimit, isNearlyExhausted, rateLimitOf } from './rate-limit.ts';

/** Warnings about a registry, each given once. */
export interface Notices {
  /** Before a request. */
  readonly begin: (ctx: Context) => void;
  /** After an answer, which it returns. */
  readonly look: <T extends FollowedResponse>(answer: T, ctx: Context) => T;
}

export function createNotices(registry: string, base: URL, options: AddressOptions): Notices {
  const told = new Set<string>();
  const warn = (code: string, key: string, message: string, ctx: Context): void => {
    if (told.has(key)) return;
    told.add(key);
    ctx.emit({ type: 'warning', code, message });
  };
  const warnUnverified = (url: URL, ctx: Context): void => {
    if (isUnverified(url, options))
      warn(
        'TLS_NOT_VERIFIED',
        url.origin,
        `the certificate of ${url.host} is not verified: it is listed insecure`,
        ctx,
      );
  };
  return {
    begin: (ctx) => warnUnverified(base, ctx),
    look: (answer, ctx) => {
      warnUnverified(answer.url, ctx);
      const limit = rateLimitOf(answer.headers);
      if (limit !== undefined && isNearlyExhausted(limit))
        warn('RATE_LIMIT', 'limit', `${registry} limits requests: ${describeRateLimit(limit)}`, ctx);
      return answer;
    },
  };
}
