import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from './context.ts';
import { systemCode } from './errors.ts';
import { livenessOf } from './process-identity.ts';

/** Names that `uniqueSuffix` ends: `.NAME.PID-START-BOOT-RANDOM.tmp`. */
const TEMPORARY = /\.(\d+)-(\d+)-([0-9a-f]{8})-[0-9a-f]{12}\.tmp$/;
/** A process that cannot be seen from here is given this long. */
const UNKNOWN_OWNER_AGE_MS = 24 * 60 * 60 * 1000;

export interface LeftoverOptions {
  /** How one is removed; default: as a tree whose modes allow it. */
  readonly remove?: (path: string) => Promise<void>;
}

/**
 * Removes the temporary files and directories that killed processes left in a directory. Those of living processes stay, and those of
 * other machines or containers stay for a day. What cannot be listed, looked at or removed (another user's, in /tmp) stays too: tidying
 * is no part of anybody's success.
 */
export async function removeLeftovers(directory: string, ctx: Context, options: LeftoverOptions = {}): Promise<void> {
  const { remove = (path: string) => rm(path, { recursive: true, force: true }) } = options;
  for (const name of await unlessRefused([], () => readdir(directory))) {
    const match = TEMPORARY.exec(name);
    if (match === null) continue;
    const [, pid = '', startTime = '', boot = ''] = match;
    const liveness = livenessOf({ pid: Number(pid), startTime, boot });
    const path = join(directory, name);
    await unlessRefused(undefined, async () => {
      if (liveness === 'gone' || (liveness === 'unknown' && (await isOld(path, ctx)))) await remove(path);
    });
  }
}

async function isOld(path: string, ctx: Context): Promise<boolean> {
  return ctx.clock.now().getTime() - (await stat(path)).mtimeMs > UNKNOWN_OWNER_AGE_MS;
}

async function unlessRefused<T>(otherwise: T, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return otherwise;
  }
}
