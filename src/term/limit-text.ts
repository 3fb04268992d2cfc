import type { BuildLimit } from '../core/events.ts';
import { formatDuration, formatSize } from './amounts.ts';

/** `memory 512.0 MB for each process by itself: …`. */
export function limitText({ limit, value, how }: BuildLimit): string {
  return `${limit} ${amount(limit, value)} ${how}`;
}

function amount(limit: BuildLimit['limit'], value: number): string {
  switch (limit) {
    case 'time':
      return formatDuration(value);
    case 'processes':
      return String(value);
    case 'memory':
    case 'disk':
      return formatSize(value);
  }
}
