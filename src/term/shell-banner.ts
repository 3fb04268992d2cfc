import type { Event } from '../core/events.ts';

/** What a person reads above the prompt of a shell in a sandbox. */
export function shellBanner(event: Extract<Event, { readonly type: 'shell.start' }>): readonly string[] {
  return [
    '',
    event.reason,
    `shell     in the sandbox of bin/${event.phase} of ${event.module.replace('@', ' ')}; exit leaves it`,
    `          ${event.directory}/failure.txt says what ran there`,
  ];
}
