import { chown, lchown, lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stats } from 'node:fs';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import type { Owner } from '../layer/place.ts';
import type { Machine } from './machine.ts';

/**
 * What a program started by root does before its work (contract §1.5): gives the directories to the owner where they are not
 * writable for it, then becomes that user. Without root nothing happens: the ids are owners in headers only.
 */
export async function ensurePrivileges(
  directories: readonly (string | undefined)[],
  owner: Owner,
  machine: Machine,
): Promise<void> {
  if (machine.uid !== 0) return;
  for (const directory of directories) {
    if (directory === undefined) continue;
    try {
      await giveTo(directory, owner);
    } catch (error) {
      throw new SlipwayError('PRIVILEGE', `failed to chown volumes: ${messageOf(error)}`, { cause: error });
    }
  }
  if (owner.uid === machine.uid && owner.gid === machine.gid) return;
  try {
    machine.becomeUser(owner.uid, owner.gid);
  } catch (error) {
    const user = `${String(owner.uid)}:${String(owner.gid)}`;
    throw new SlipwayError('PRIVILEGE', `failed to exec as user ${user}: ${messageOf(error)}`, { cause: error });
  }
}

/** detector and builder never run as root. */
export function refuseRoot(machine: Machine, phase: 'detect' | 'build'): void {
  if (machine.uid !== 0) return;
  throw new SlipwayError('PRIVILEGE', `failed to ${phase}: refusing to run as root`, {
    hint: 'start it as the user that the buildpacks shall run as',
  });
}

/** HOME and USER of a user by this machine's passwd file; a missing entry is an error (contract §1.5, creator). */
export async function homeOf(uid: number): Promise<{ readonly home: string; readonly user: string }> {
  const text = await readFile('/etc/passwd', 'utf8').catch((error: unknown) => {
    if (isSystem(error, 'ENOENT')) return '';
    throw error;
  });
  const fields = text.split('\n').map((line) => line.split(':'));
  const entry = fields.find((line) => line[2] === String(uid));
  if (entry?.[0] === undefined || entry[5] === undefined)
    throw new SlipwayError('PRIVILEGE', `failed to lookup user ${String(uid)}: it has no entry in /etc/passwd`);
  return { home: entry[5], user: entry[0] };
}

/** Gives a tree to its owner unless the top directory is writable for it already; missing paths are skipped. */
async function giveTo(directory: string, owner: Owner): Promise<void> {
  let top: Stats;
  try {
    top = await lstat(directory);
  } catch (error) {
    if (isSystem(error, 'ENOENT')) return;
    throw error;
  }
  if (!isWritable(top, owner)) await chownTree(directory, owner);
}

function isWritable(stats: Stats, owner: Owner): boolean {
  if (stats.uid === owner.uid) return true;
  if (stats.gid === owner.gid && (stats.mode & 0o020) !== 0) return true;
  return (stats.mode & 0o002) !== 0;
}

async function chownTree(path: string, owner: Owner): Promise<void> {
  const stats = await lstat(path);
  if (!stats.isDirectory()) {
    await lchown(path, owner.uid, owner.gid);
    return;
  }
  await chown(path, owner.uid, owner.gid);
  for (const name of await readdir(path)) await chownTree(join(path, name), owner);
}
