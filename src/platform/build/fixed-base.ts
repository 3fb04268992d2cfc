import { constants } from 'node:fs';
import { access, lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeError } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { hasCode, isSystem, SlipwayError } from '../../core/errors.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { cacheRoot } from '../cache-root.ts';
import type { Machine } from '../machine.ts';

/** Where unmapped builds live: the user's cache; for root, and where that cannot be written to, a place that the buildpacks' user can enter. */
export async function fixedBase(machine: Machine, ctx: Context): Promise<string> {
  const shared = join(machine.tmp, machine.uid === 0 ? 'slipway-work' : `slipway-work-${String(machine.uid)}`);
  const own = join(cacheRoot(machine), 'work');
  if (machine.uid !== 0 && (await isWritable(own, machine))) return own;
  if (machine.uid !== 0) {
    const message = `${own} cannot be written to: the build is in ${shared}, which the image then names`;
    ctx.emit({ type: 'warning', code: 'CACHE_IGNORED', message });
  }
  await ownDirectory(shared, machine);
  return shared;
}

async function isWritable(path: string, machine: Machine): Promise<boolean> {
  try {
    await ownDirectory(path, machine);
    await access(path, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    if (hasCode(error, 'WRITE_FAILED') || isSystem(error, 'EACCES', 'EROFS')) return false;
    throw error;
  }
}

/** The directory has a name that others can guess, so it must be this user's and nobody else may write to it. */
export async function ownDirectory(path: string, machine: Machine): Promise<void> {
  try {
    await makeDirectory(path, { mode: 0o755 });
  } catch (error) {
    throw writeError(path, error);
  }
  const stats = await lstat(path);
  if (stats.isDirectory() && stats.uid === machine.uid && (stats.mode & 0o022) === 0) return;
  throw new SlipwayError('WRITE_FAILED', `${path} is not a directory of this user alone`, {
    exit: 1,
    hint: 'remove it, or name another place with SLIPWAY_CACHE_DIR',
  });
}
