import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../core/context.ts';
import { isSystem } from '../core/errors.ts';
import { isLeased, lockOf } from '../core/lease.ts';
import { isLocked } from '../core/lock-directory.ts';
import { treeBytes } from '../layer/tree-bytes.ts';
import { readMark, ROOT_PARTS } from '../rootfs/root-entry.ts';
import { readDownloadRecord } from './download-record.ts';
import { keptSubject } from './kept-subject.ts';
import { memoSubject } from './memo-record.ts';

/** The directories of the cache, and what is in them. Nothing else below the cache's root is looked at, or removed. */
export const CACHE_AREAS = {
  kept: 'failed builds that were kept',
  rootfs: 'unpacked images',
  builds: 'caches of builds',
  memo: 'builds that are remembered',
  volumes: 'named volumes of builds',
  work: 'directories of builds without a sandbox',
  index: 'what layers were when they were last read',
  uploads: 'what registries have',
  downloads: 'files of URLs',
  code: 'compiled code of this program',
} as const;

/** Names the image in the cache of a build. */
export const IMAGE_FILE = 'image';

export type CacheArea = keyof typeof CACHE_AREAS;

export interface CacheEntry {
  readonly area: CacheArea;
  readonly name: string;
  readonly path: string;
  /** What it holds, where that is known: the name of an image, an URL. */
  readonly subject: string | undefined;
  readonly bytes: number;
  readonly lastUseMs: number;
  /** A living process uses it. */
  readonly isInUse: boolean;
}

/** Areas that are not below the cache's root. */
export type CachePlaces = Readonly<Partial<Record<CacheArea, string>>>;

/** Where an area is. */
export function areaPath(area: CacheArea, root: string, places: CachePlaces = {}): string {
  return places[area] ?? join(root, area);
}

/** Everything in the cache, by area and name. What goes away meanwhile is left out. */
export async function listCacheEntries(
  root: string,
  ctx: Context,
  places: CachePlaces = {},
): Promise<readonly CacheEntry[]> {
  const entries: CacheEntry[] = [];
  for (const area of cacheAreas()) {
    const directory = areaPath(area, root, places);
    const names = (await namesIn(directory)).filter(isEntryName).sort();
    for (const name of names) {
      const path = join(directory, name);
      const lastUseMs = await lastUse(path);
      if (lastUseMs === undefined) continue;
      const subject = await subjectOf(area, path);
      const isInUse = (await isLocked(lockOf(path), ctx)) || (await isLeased(path, ctx));
      entries.push({ area, name, path, subject, bytes: await treeBytes(path, ctx), lastUseMs, isInUse });
    }
  }
  return entries;
}

async function subjectOf(area: CacheArea, path: string): Promise<string | undefined> {
  if (area === 'rootfs') return (await readMark(path))?.image;
  if (area === 'kept') return keptSubject(path);
  if (area === 'downloads') return (await readDownloadRecord(path))?.url;
  if (area === 'memo') return memoSubject(path);
  if (area !== 'builds') return undefined;
  try {
    return (await readFile(join(path, IMAGE_FILE), 'utf8')).trim();
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR')) return undefined;
    throw error;
  }
}

export function cacheAreas(): readonly CacheArea[] {
  return ['kept', 'rootfs', 'builds', 'memo', 'volumes', 'work', 'index', 'uploads', 'downloads', 'code'];
}

/** Locks, leases and what is not finished have other names. */
function isEntryName(name: string): boolean {
  return !name.startsWith('.') && !name.endsWith('.lock') && !name.endsWith('.leases') && !name.endsWith('.tmp');
}

/** The time of its mark where there is one, since files of an image have times of their own; else the latest of its upper two levels. */
async function lastUse(path: string): Promise<number | undefined> {
  const marked = await modifiedMs(join(path, ROOT_PARTS.mark));
  if (marked !== undefined) return marked;
  const own = await modifiedMs(path);
  if (own === undefined) return undefined;
  const inside = await Promise.all((await namesIn(path)).map((name) => modifiedMs(join(path, name))));
  return Math.max(own, ...inside.map((ms) => ms ?? 0));
}

async function modifiedMs(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  }
}
