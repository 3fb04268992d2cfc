import { rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { uniqueSuffix, writeError } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { hasCode, isSystem, systemCode } from '../core/errors.ts';
import { isLeased, lockOf } from '../core/lease.ts';
import { removeLeftovers } from '../core/leftovers.ts';
import { withLock } from '../core/lock-directory.ts';
import { removeTree } from '../layer/remove-tree.ts';
import { areaPath, cacheAreas, listCacheEntries, type CacheEntry, type CachePlaces } from './cache-entries.ts';

export interface PruneOptions {
  /** Removes what was used least recently until no more than this is left. */
  readonly maxBytes?: number;
  /** Removes what nobody used for so long. */
  readonly olderThanMs?: number;
  /** Chooses and removes nothing. */
  readonly isDryRun?: boolean;
  readonly places?: CachePlaces;
}

export interface Pruned {
  readonly removed: readonly CacheEntry[];
  readonly kept: readonly CacheEntry[];
}

/**
 * Removes entries of the cache, the least recently used first; without a limit all of them. What a living process uses stays, also when
 * it begins to while this runs. An entry disappears as a whole: what is left of it by a killed process is removed by the next one.
 */
export async function pruneCache(root: string, ctx: Context, options: PruneOptions = {}): Promise<Pruned> {
  if (options.isDryRun !== true) {
    for (const area of cacheAreas())
      await removeLeftovers(areaPath(area, root, options.places), ctx, { remove: (path) => removeTree(path, ctx) });
  }
  const entries = await listCacheEntries(root, ctx, options.places);
  const chosen = choose(entries, ctx.clock.now().getTime(), options);
  const removed: CacheEntry[] = [];
  for (const entry of chosen) {
    ctx.signal.throwIfAborted();
    if (options.isDryRun === true || (await removeEntry(entry, ctx))) removed.push(entry);
  }
  return { removed, kept: entries.filter((entry) => !removed.includes(entry)) };
}

function choose(entries: readonly CacheEntry[], nowMs: number, options: PruneOptions): readonly CacheEntry[] {
  const { maxBytes, olderThanMs } = options;
  const isLimited = maxBytes !== undefined || olderThanMs !== undefined;
  let total = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  return [...entries]
    .sort((a, b) => a.lastUseMs - b.lastUseMs)
    .filter((entry) => {
      const isOld = olderThanMs !== undefined && nowMs - entry.lastUseMs > olderThanMs;
      const isTooMuch = maxBytes !== undefined && total > maxBytes;
      if (entry.isInUse || (isLimited && !isOld && !isTooMuch)) return false;
      total -= entry.bytes;
      return true;
    });
}

/** False when somebody uses it by now. */
async function removeEntry({ path }: CacheEntry, ctx: Context): Promise<boolean> {
  const away = join(dirname(path), `.${basename(path)}.${uniqueSuffix()}`);
  try {
    const isAway = await withLock(lockOf(path), ctx, () => moveAway(path, away, ctx), { timeoutMs: 0 });
    if (isAway) await removeTree(away, ctx);
    return isAway;
  } catch (error) {
    if (hasCode(error, 'LOCK_TIMEOUT')) return false;
    throw systemCode(error) === undefined ? error : writeError(path, error);
  }
}

async function moveAway(path: string, away: string, ctx: Context): Promise<boolean> {
  if (await isLeased(path, ctx)) return false;
  try {
    await rename(path, away);
    return true;
  } catch (error) {
    if (isSystem(error, 'ENOENT')) return false;
    throw error;
  }
}
