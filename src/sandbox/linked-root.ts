import { constants, type Stats } from 'node:fs';
import { chmod, copyFile, link, lstat, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystem } from '../core/errors.ts';
import { ANEW } from './root-tree.ts';

/**
 * Makes a root that nobody but root can change, out of one that others use too: directories are new, files are links where nobody
 * else could write to them, and copies where they could or where the file system has no links. Without /proc, /dev, /sys and /tmp.
 */
export async function linkRoot(base: string, root: string): Promise<void> {
  await linkDirectory({ base, root, path: '/' });
}

interface Place {
  readonly base: string;
  readonly root: string;
  readonly path: string;
}

async function linkDirectory({ base, root, path }: Place): Promise<void> {
  const directory = join(root, path);
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o755);
  for (const child of await readdir(join(base, path), { withFileTypes: true })) {
    const inside = join(path, child.name);
    if (ANEW.includes(inside)) continue;
    const from = join(base, inside);
    const to = join(root, inside);
    if (child.isDirectory()) await linkDirectory({ base, root, path: inside });
    else if (child.isSymbolicLink()) await symlink(await readlink(from), to);
    // Devices and sockets of an image mean nothing.
    else if (child.isFile()) await linkFile(from, to);
  }
}

async function linkFile(from: string, to: string): Promise<void> {
  const stats = await lstat(from);
  if (isOnlyForRoot(stats) && (await tryLink(from, to))) return;
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await chmod(to, stats.mode & 0o755);
}

function isOnlyForRoot({ uid, mode }: Stats): boolean {
  return uid === 0 && (mode & 0o6022) === 0;
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (isSystem(error, 'EXDEV', 'EPERM', 'EMLINK')) return false;
    throw error;
  }
}
