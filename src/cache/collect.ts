import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../core/context.ts';
import { hasCode, isSystem, systemCode } from '../core/errors.ts';
import { withLock } from '../core/lock-directory.ts';
import { PARTS, removeFile, type CacheFolder } from './cache-folder.ts';

/** A blob without a root must be this old, in milliseconds: a build that is about to commit it may still run. */
const BLOB_AGE_MS = 24 * 60 * 60 * 1000;
export interface CollectOptions {
  /** A launch layer that no build looked up for so long is forgotten; default: 30 days. */
  readonly recordAgeMs?: number;
}

const RECORD_AGE_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * Removes blobs that no root and no launch record names, and records that nobody used (design §4). Everything a build finds or adds
 * is touched, so only what is old is removed. When another process collects already, nothing is done.
 */
export async function collect(folder: CacheFolder, ctx: Context, options: CollectOptions = {}): Promise<void> {
  try {
    await withLock(join(folder.directory, 'collect.lock'), ctx, () => sweep(folder, ctx, options), { timeoutMs: 0 });
  } catch (error) {
    // Tidying is no part of a build's success; and what cannot be read may name any blob, so that none is removed then.
    if (systemCode(error) === undefined && !hasCode(error, 'LOCK_TIMEOUT', 'WRITE_FAILED', 'DISK_FULL')) throw error;
  }
}

async function sweep(
  folder: CacheFolder,
  ctx: Context,
  { recordAgeMs = RECORD_AGE_MS }: CollectOptions,
): Promise<void> {
  const now = ctx.clock.now().getTime();
  const records = join(folder.directory, PARTS.diffs);
  for (const path of await filesOlderThan(records, now - recordAgeMs)) await removeFile(path);
  const named = await namedBlobs([join(folder.directory, PARTS.roots), records]);
  for (const path of await filesOlderThan(join(folder.directory, PARTS.blobs), now - BLOB_AGE_MS)) {
    if (!named.has(path.slice(-64))) await removeFile(path);
  }
}

/** Hex parts of every sha256 digest in the small files of the directories: more than the blobs, which does no harm. */
async function namedBlobs(directories: readonly string[]): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  for (const directory of directories) {
    for (const path of await filesOlderThan(directory, Number.POSITIVE_INFINITY)) {
      for (const [, hex] of (await readText(path)).matchAll(/sha256:([0-9a-f]{64})/g))
        if (hex !== undefined) named.add(hex);
    }
  }
  return named;
}

async function filesOlderThan(directory: string, timeMs: number): Promise<readonly string[]> {
  const paths = (await readdir(directory)).map((name) => join(directory, name));
  const old: string[] = [];
  for (const path of paths) if ((await modifiedMs(path)) < timeMs) old.push(path);
  return old;
}

/** Infinity for a file that is gone. */
async function modifiedMs(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (isSystem(error, 'ENOENT')) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch (error) {
    if (isSystem(error, 'ENOENT')) return '';
    throw error;
  }
}
