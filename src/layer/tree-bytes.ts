import { lstatSync, readdirSync } from 'node:fs';
import type { Context } from '../core/context.ts';
import { isSystem } from '../core/errors.ts';
import { toBuffer, type BytePath } from './byte-path.ts';
import { createPacer, type Pacer } from './pacer.ts';

/**
 * Sizes of all files below a directory, or of the file itself, those with several names counted once. What goes away meanwhile, or may
 * not be looked into, counts nothing.
 */
export async function treeBytes(path: string, ctx: Context): Promise<number> {
  return bytesOf(Buffer.from(path).toString('latin1'), new Set(), createPacer(ctx));
}

async function bytesOf(path: BytePath, seen: Set<string>, pacer: Pacer): Promise<number> {
  await pacer.pause();
  const found = unlessRefused(() => lstatSync(toBuffer(path)));
  if (found === undefined) return 0;
  if (!found.isDirectory()) {
    if (!found.isFile()) return 0;
    if (found.nlink === 1) return found.size;
    const inode = `${String(found.dev)}:${String(found.ino)}`;
    return seen.has(inode) ? 0 : (seen.add(inode), found.size);
  }
  let bytes = 0;
  const names = unlessRefused(() => readdirSync(toBuffer(path), { encoding: 'latin1' })) ?? [];
  for (const name of names) bytes += await bytesOf(`${path}/${name}`, seen, pacer);
  return bytes;
}

function unlessRefused<T>(task: () => T): T | undefined {
  try {
    return task();
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}
