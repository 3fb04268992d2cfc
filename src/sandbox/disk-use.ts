import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { isSystem } from '../core/errors.ts';

/** The bytes that trees of files take on disk; a file with several names counts once. What goes away meanwhile counts nothing. */
export async function treeBytes(paths: readonly string[]): Promise<number> {
  const files = new Map<string, number>();
  const rest = [...paths];
  for (let path = rest.pop(); path !== undefined; path = rest.pop()) {
    const stats = await ifThere(lstat(path));
    if (stats === undefined || files.has(keyOf(stats))) continue;
    files.set(keyOf(stats), stats.blocks * BLOCK_BYTES);
    if (stats.isDirectory()) for (const name of (await ifThere(readdir(path))) ?? []) rest.push(join(path, name));
  }
  return sum(files);
}

/** The bytes of files without a name that processes started by one, or by those, hold open. */
export async function unnamedBytes(pid: number): Promise<number> {
  const files = new Map<string, number>();
  for (const process of await processesBelow(pid)) {
    const directory = `/proc/${String(process)}/fd`;
    for (const name of (await ifThere(readdir(directory))) ?? []) {
      const stats = await ifThere(stat(join(directory, name)));
      if (stats?.isFile() === true && stats.nlink === 0) files.set(keyOf(stats), stats.blocks * BLOCK_BYTES);
    }
  }
  return sum(files);
}

/** What `st_blocks` counts in. */
const BLOCK_BYTES = 512;

function keyOf({ dev, ino }: Stats): string {
  return `${String(dev)}:${String(ino)}`;
}

function sum(files: ReadonlyMap<string, number>): number {
  return [...files.values()].reduce((total, bytes) => total + bytes, 0);
}

async function processesBelow(top: number): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const text = await ifThere(readFile(`/proc/${name}/stat`, 'latin1'));
    // The name of the program is in parentheses and may have any character.
    const parent = text?.slice(text.lastIndexOf(')')).split(' ')[2];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && parent !== 0 && (parent === top || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow);
}

async function ifThere<T>(task: Promise<T>): Promise<T | undefined> {
  try {
    return await task;
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'ESRCH', 'EACCES', 'EPERM', 'ELOOP')) return undefined;
    throw error;
  }
}
