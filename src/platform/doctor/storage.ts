import { access, constants, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSystem, messageOf } from '../../core/errors.ts';
import { flagsAt, readMountTable } from '../../sandbox/mount-table.ts';
import { cacheRoot } from '../cache-root.ts';
import type { Machine } from '../machine.ts';
import type { Finding } from './finding.ts';

/** A builder of usual size, unpacked, and the layers of a build. */
const ENOUGH_BYTES = 5e9;
const LEAST_BYTES = 5e8;
const LEAST_FILES = 50_000;

/** Whether there is room in the cache and for temporary files, and whether they may be written to. */
export async function lookAtStorage(machine: Machine): Promise<readonly Finding[]> {
  return [
    await lookAt('cache', cacheRoot(machine), 'name another with SLIPWAY_CACHE_DIR=DIR'),
    await lookAt('temporary files', machine.tmp, 'name another directory with TMPDIR=DIR'),
  ];
}

async function lookAt(name: string, path: string, elsewhere: string): Promise<Finding> {
  const about = { area: 'storage', name } as const;
  try {
    const there = await nearest(path);
    await access(there, constants.W_OK | constants.X_OK);
    const { bavail, bsize, files, ffree } = await statfs(there);
    const isNoExec = flagsAt(there, await readMountTable().catch(() => [])).includes('noexec');
    return {
      ...about,
      ...judgeRoom({ path, free: bavail * bsize, freeFiles: files === 0 ? undefined : ffree, isNoExec }, elsewhere),
    };
  } catch (error) {
    if (!isSystem(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ELOOP')) throw error;
    return { ...about, verdict: 'bad', found: `${path} cannot be written to: ${messageOf(error)}`, remedy: elsewhere };
  }
}

interface Room {
  readonly path: string;
  /** Bytes for this user. */
  readonly free: number;
  /** Undefined where the file system does not count them. */
  readonly freeFiles: number | undefined;
  readonly isNoExec: boolean;
}

export function judgeRoom(room: Room, elsewhere: string): Pick<Finding, 'verdict' | 'found' | 'remedy'> {
  const { path, free, freeFiles, isNoExec } = room;
  const found = `${path}, ${(free / 1e9).toFixed(1)} GB free`;
  const remedy = `free some space (slipway cache prune), or ${elsewhere}`;
  if (isNoExec)
    return { verdict: 'bad', found: `${path} is mounted noexec: no program of a builder could run`, remedy: elsewhere };
  if (free < LEAST_BYTES) return { verdict: 'bad', found, remedy };
  if (freeFiles !== undefined && freeFiles < LEAST_FILES)
    return { verdict: 'warn', found: `${found}, but only ${String(freeFiles)} more files`, remedy };
  return free < ENOUGH_BYTES ? { verdict: 'warn', found, remedy } : { verdict: 'ok', found };
}

/** The path, or the nearest directory above it that is there: what is missing is made by the first build. */
async function nearest(path: string): Promise<string> {
  try {
    await access(path, constants.F_OK);
    return path;
  } catch (error) {
    if (!isSystem(error, 'ENOENT') || dirname(path) === path) throw error;
    return nearest(dirname(path));
  }
}
