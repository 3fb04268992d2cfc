import { constants } from 'node:fs';
import { chmod, copyFile, lchown, lstat, mkdir, readdir, readlink, symlink, utimes } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import type { Context } from '../core/context.ts';
import { messageOf, SlipwayError } from '../core/errors.ts';
import { writeError } from '../core/atomic-file.ts';
import type { Owner } from '../layer/place.ts';

export interface CopyTreeOptions {
  /** Who owns the copy; absent: this process's user. */
  readonly owner?: Owner;
  /** Absolute paths in the source that are left out, with all below them. */
  readonly skip?: ReadonlySet<string>;
}

/** Files that are copied at once. */
const BATCH = 16;
const SLASH = Buffer.from('/');

/**
 * Copies a directory tree: modes and times as they are, symbolic links as links, names of any bytes; by reference where the file
 * system can. Sockets, pipes and devices are left out with a warning. `to` must exist. Throws `FILE_NOT_READABLE` naming the path.
 */
export async function copyTree(from: string, to: string, ctx: Context, options: CopyTreeOptions = {}): Promise<void> {
  await copyDirectory({ from: Buffer.from(from), to: Buffer.from(to) }, ctx, options);
}

interface Pair {
  readonly from: Buffer;
  readonly to: Buffer;
}

async function copyDirectory(pair: Pair, ctx: Context, options: CopyTreeOptions): Promise<void> {
  const names = await readable(pair.from, () => readdir(pair.from, { encoding: 'buffer' }));
  for (let index = 0; index < names.length; index += BATCH) {
    ctx.signal.throwIfAborted();
    await Promise.all(names.slice(index, index + BATCH).map((name) => copyEntry(below(pair, name), ctx, options)));
  }
}

async function copyEntry(pair: Pair, ctx: Context, options: CopyTreeOptions): Promise<void> {
  const { from, to } = pair;
  if (options.skip?.has(from.toString()) === true) return;
  const stats = await readable(from, () => lstat(from));
  if (stats.isDirectory()) {
    await writable(to, () => mkdir(to));
    await copyDirectory(pair, ctx, options);
    await finish(to, stats, options);
  } else if (stats.isFile()) {
    await readable(from, () => copyFile(from, to, constants.COPYFILE_FICLONE));
    await finish(to, stats, options);
  } else if (stats.isSymbolicLink()) {
    const target = await readable(from, () => readlink(from, { encoding: 'buffer' }));
    await writable(to, () => symlink(target, to));
    if (options.owner !== undefined) await lchown(to, options.owner.uid, options.owner.gid);
  } else {
    const message = `${from.toString()} is no file, directory or link and is left out`;
    ctx.emit({ type: 'warning', code: 'SPECIAL_FILE_SKIPPED', message });
  }
}

/** Owner first: changing it clears set-id bits. The directory's own mode last, so that a read-only one can be filled. */
async function finish(to: Buffer, stats: Stats, options: CopyTreeOptions): Promise<void> {
  await writable(to, async () => {
    if (options.owner !== undefined) await lchown(to, options.owner.uid, options.owner.gid);
    await chmod(to, stats.mode & 0o7777);
    await utimes(to, stats.atime, stats.mtime);
  });
}

function below(pair: Pair, name: Buffer): Pair {
  return { from: Buffer.concat([pair.from, SLASH, name]), to: Buffer.concat([pair.to, SLASH, name]) };
}

async function readable<T>(path: Buffer, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    const full = writeError(path.toString(), error);
    if (full.code === 'DISK_FULL') throw full;
    throw new SlipwayError('FILE_NOT_READABLE', `cannot copy ${path.toString()}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function writable<T>(path: Buffer, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw writeError(path.toString(), error);
  }
}
