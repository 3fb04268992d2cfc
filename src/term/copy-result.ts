import type { Event } from '../core/events.ts';
import { outputLines } from './build-result.ts';
import { alignColumns } from './columns.ts';

export type CopyEnd = Extract<Event, { readonly type: 'copy.end' }>;

/** The digest of what was copied; with names a line each. */
export function copyResult(end: CopyEnd): readonly string[] {
  return alignColumns(end.images.map(({ name, digest }) => (name === undefined ? [digest] : [name, digest])));
}

/** Where it went, and what came along. */
export function copySummary(end: CopyEnd): readonly string[] {
  const what = end.images.length === 1 ? end.source : `${end.source}: ${String(end.images.length)} names`;
  const along =
    end.referrers === 0 ? '' : `, with ${String(end.referrers)} that refer${end.referrers === 1 ? 's' : ''} to it`;
  return [`copied  ${what}${along}`, ...outputLines(end.outputs)];
}
