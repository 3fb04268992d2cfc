import type { Event } from '../core/events.ts';

/** What the index said of a layer, in a line. */
export function indexText(event: Extract<Event, { readonly type: 'index' }>): string {
  const { id, verdict, reason = 'unknown' } = event;
  return verdict === 'hit' ? `Layer '${id}' is unchanged since it was last read` : `Layer '${id}' is read: ${reason}`;
}
