import type { TarHeader } from '../tar/header.ts';

/** What an entry says of itself. */
export type EntryFacts = Pick<TarHeader, 'mode' | 'uid' | 'gid' | 'mtime'>;

/** Seconds that every file system can hold. */
export function timeOf({ mtime = 0 }: EntryFacts): number {
  return Math.min(Math.max(mtime, 0), 0xffffffff);
}
