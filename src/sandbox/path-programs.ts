import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isSystem } from '../core/errors.ts';
import { isConcealed } from './root-tree.ts';

/**
 * What a PATH needs below the concealed directories, to be shown read-only: each of its directories, and where one is the `bin` of
 * an installation (`~/.nvm/versions/node/v24/bin`) the libraries beside it. Nothing else of a home directory.
 */
export async function programDirectories(searchPath: string, hidden: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const directory of new Set(searchPath.split(':'))) {
    if (!directory.startsWith('/') || directory.split('/').includes('..')) continue;
    const path = directory.replace(/\/+$/, '');
    if (path === '' || !isConcealed(path, hidden) || hidden.includes(path) || !(await isDirectory(path))) continue;
    found.push(path);
    if (!['bin', 'sbin'].includes(basename(path)) || hidden.includes(dirname(path))) continue;
    for (const name of BESIDE_BIN) {
      const beside = join(dirname(path), name);
      if (await isDirectory(beside)) found.push(beside);
    }
  }
  return [...new Set(found)];
}

/** Not `share` and not `etc`: key rings and tokens live there. */
const BESIDE_BIN: readonly string[] = ['lib', 'lib64', 'libexec', 'include'];

/** True for a directory (or a link to one) that this process can look into. */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    await readdir(path);
    return true;
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return false;
    throw error;
  }
}
