import {
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  type Stats,
} from 'node:fs';
import type { Context } from '../core/context.ts';
import { systemCode } from '../core/errors.ts';
import { createPacer, type Pacer } from '../layer/pacer.ts';
import type { Owner } from '../layer/place.ts';
import { applyFacts, createFileCopier, readable, writable, type FileCopy } from './copy-file.ts';

export interface CopyTreeOptions {
  /** Who owns the copy; absent: this process's user. */
  readonly owner?: Owner;
  /** Absolute paths in the source that are left out, with all below them. */
  readonly skip?: ReadonlySet<string>;
  /** Which entries are copied; absent: all. */
  readonly filter?: FileFilter;
  /** The source is of no use afterwards, so its files may be moved. */
  readonly maySpend?: boolean;
}

/**
 * Says of a path, relative to the source, what becomes of it. What is left is not looked into; a directory that is looked into is there
 * when something in it is taken.
 */
export type FileFilter = (path: string, isDirectory: boolean) => 'take' | 'leave' | 'look-inside';

const SLASH = Buffer.from('/');

/**
 * Copies a directory tree: modes and times as they are, symbolic links as links, names of any bytes; by reference where the file
 * system can. Sockets, pipes and devices are left out with a warning. `to` must exist and be empty. Throws `FILE_NOT_READABLE` naming the path.
 * Synchronous calls with pauses: for many small files a promise a call costs several times the time and the memory.
 */
export async function copyTree(from: string, to: string, ctx: Context, options: CopyTreeOptions = {}): Promise<void> {
  const copying = { options, ctx, pacer: createPacer(ctx), copyFile: createFileCopier() };
  await copyDirectory({ from: Buffer.from(from), to: Buffer.from(to), path: '' }, copying);
}

interface Copying {
  readonly options: CopyTreeOptions;
  readonly ctx: Context;
  readonly pacer: Pacer;
  readonly copyFile: (file: FileCopy) => void;
}

interface Pair {
  readonly from: Buffer;
  readonly to: Buffer;
  /** Relative to the root, as text. */
  readonly path: string;
}

/** Tells whether anything was copied. */
async function copyDirectory(pair: Pair, copying: Copying): Promise<boolean> {
  const { options, pacer } = copying;
  let isEmpty = true;
  for (const name of readable(pair.from, () => readdirSync(pair.from, { encoding: 'buffer' }))) {
    const entry = below(pair, name);
    if (options.skip?.has(entry.from.toString()) === true) continue;
    const stats = readable(entry.from, () => lstatSync(entry.from));
    const verdict = options.filter?.(entry.path, stats.isDirectory()) ?? 'take';
    if (verdict === 'leave') continue;
    if (stats.isDirectory()) {
      writable(entry.to, () => mkdirSync(entry.to));
      const isFilled = await copyDirectory(entry, copying);
      const isWanted = isFilled || verdict === 'take';
      // The directory's own mode last, so that a read-only one can be filled.
      if (isWanted) applyFacts(entry.to, stats, options.owner);
      else writable(entry.to, () => rmdirSync(entry.to));
      isEmpty = isEmpty && !isWanted;
    } else if (copyEntry(entry, stats, copying)) isEmpty = false;
    await pacer.pause();
  }
  return !isEmpty;
}

function copyEntry({ from, to }: Pair, stats: Stats, { options, ctx, copyFile }: Copying): boolean {
  const { owner } = options;
  if (stats.isFile()) {
    const mayMove = options.maySpend === true && stats.nlink === 1;
    if (mayMove && isMoved(from, to)) applyFacts(to, stats, owner);
    else copyFile({ from, to, stats, owner });
  } else if (stats.isSymbolicLink()) {
    const target = readable(from, () => readlinkSync(from, { encoding: 'buffer' }));
    writable(to, () => symlinkSync(target, to));
    if (owner !== undefined) lchownSync(to, owner.uid, owner.gid);
  } else {
    const message = `${from.toString()} is no file, directory or link and is left out`;
    ctx.emit({ type: 'warning', code: 'SPECIAL_FILE_SKIPPED', message });
    return false;
  }
  return true;
}

/** False where it cannot be: on another file system, out of a directory that is locked. */
function isMoved(from: Buffer, to: Buffer): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

function below(pair: Pair, name: Buffer): Pair {
  return {
    from: Buffer.concat([pair.from, SLASH, name]),
    to: Buffer.concat([pair.to, SLASH, name]),
    path: pair.path === '' ? name.toString() : `${pair.path}/${name.toString()}`,
  };
}
