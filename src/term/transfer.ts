import type { Event } from '../core/events.ts';
import { formatDuration, formatSize } from './amounts.ts';
import type { Symbols } from './symbols.ts';

export type BlobProgress = Extract<Event, { readonly type: 'blob.progress' }>;

/** Sums the blobs that move to or from one target. */
export class Transfers {
  readonly #blobs = new Map<string, BlobProgress>();
  #start: number | undefined;

  add(event: BlobProgress, nowMs: number): void {
    this.#start ??= nowMs;
    this.#blobs.set(`${event.action} ${event.target} ${event.digest}`, event);
  }

  clear(): void {
    this.#blobs.clear();
    this.#start = undefined;
  }

  /** `push  TARGET  ████░░  61.0 MB of 110.2 MB   24.1 MB/s   2 s left   (3 of 5 blobs)`; undefined when nothing moves. */
  line(nowMs: number, symbols: Symbols): string | undefined {
    const all = [...this.#blobs.values()];
    const current = all.findLast((blob) => blob.bytes < blob.total);
    if (current === undefined || this.#start === undefined) return undefined;
    const group = all.filter((blob) => blob.action === current.action && blob.target === current.target);
    const bytes = sum(group.map((blob) => blob.bytes));
    const total = sum(group.map((blob) => blob.total));
    const seconds = Math.max(0.1, (nowMs - this.#start) / 1000);
    const rate = bytes / seconds;
    const full = Math.min(20, Math.floor((bytes / Math.max(1, total)) * 20));
    const left = rate > 0 ? `${formatDuration(((total - bytes) / rate) * 1000)} left` : '';
    const done = group.filter((blob) => blob.bytes >= blob.total).length;
    return [
      `${current.action}  ${current.target}  ${symbols.full.repeat(full)}${symbols.empty.repeat(20 - full)}  ${formatSize(bytes)} of ${formatSize(total)}`,
      `${formatSize(Math.round(rate))}/s`,
      left,
      `(${String(done)} of ${String(group.length)} blobs)`,
    ].join('   ');
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
