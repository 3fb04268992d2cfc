import type { Clock } from '../core/clock.ts';
import { SlipwayError } from '../core/errors.ts';

/** `--creation-time`: seconds since 1970, an ISO 8601 date or time, or `now` → seconds as text. Throws `ARGUMENT_INVALID`. */
export function readCreationTime(text: string | undefined, clock: Clock): string | undefined {
  if (text === undefined || text === '') return undefined;
  if (text === 'now') return String(Math.floor(clock.now().getTime() / 1000));
  if (/^\d{1,11}$/.test(text)) return text;
  const ms = /^\d{4}-\d{2}-\d{2}(?:T.*)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms) || ms < 0) {
    throw new SlipwayError('ARGUMENT_INVALID', `"${text}" is not a time`, {
      hint: 'write seconds since 1970, a date such as 2026-01-31, a time such as 2026-01-31T12:00:00Z, or now',
    });
  }
  return String(Math.floor(ms / 1000));
}
