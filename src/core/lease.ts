import { createHash } from 'node:crypto';
import { readdir, readFile, rmdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { uniqueSuffix, writeError } from './atomic-file.ts';
import type { Context } from './context.ts';
import { isSystem } from './errors.ts';
import { removeLeftovers } from './leftovers.ts';
import { withLock } from './lock-directory.ts';
import { makeDirectory } from './make-directory.ts';
import { pathKind } from './path-kind.ts';

/** The right to find something as it is until it is given back. */
export interface Lease extends AsyncDisposable {
  /** May be called twice. */
  readonly release: () => Promise<void>;
}

/**
 * Says that this process uses `path`, for as long as it lives or until the lease is given back: a file beside it that names the
 * process. Whoever takes one, or removes what nobody uses, holds the lock `lockOf(path)` meanwhile.
 */
export async function takeLease(path: string): Promise<Lease> {
  const directory = leasesOf(path);
  const file = join(directory, `.lease.${uniqueSuffix()}`);
  try {
    await makeDirectory(directory);
    await writeFile(file, '', { flag: 'wx' });
  } catch (error) {
    throw writeError(directory, error);
  }
  const release = async (): Promise<void> => {
    await unlessMissing(() => unlink(file));
    await unlessMissing(() => rmdir(directory));
  };
  return { release, [Symbol.asyncDispose]: release };
}

/**
 * Says that `path` is used for as long as the directory `holder` is there: by what is kept in that one, whatever process lives. Taken
 * under the lock `lockOf(path)`.
 */
export async function keepFor(path: string, holder: string, ctx: Context): Promise<void> {
  const directory = leasesOf(path);
  const name = `kept-${createHash('sha256').update(holder).digest('hex').slice(0, 16)}`;
  await withLock(lockOf(path), ctx, async () => {
    await makeDirectory(directory);
    await writeFile(join(directory, name), holder);
  });
}

/** True while a living process has a lease; those of killed ones are forgotten, of other machines and containers after a day. */
export async function isLeased(path: string, ctx: Context): Promise<boolean> {
  const directory = leasesOf(path);
  await removeLeftovers(directory, ctx);
  try {
    await removeHoldersGone(directory);
    if ((await readdir(directory)).length > 0) return true;
  } catch (error) {
    if (!isSystem(error, 'ENOENT')) throw error;
  }
  await unlessMissing(() => rmdir(directory));
  return false;
}

async function removeHoldersGone(directory: string): Promise<void> {
  for (const name of (await readdir(directory)).filter((each) => each.startsWith('kept-'))) {
    const file = join(directory, name);
    if ((await pathKind(await readFile(file, 'utf8'))) === undefined) await unlessMissing(() => unlink(file));
  }
}

/** The lock under which `path` is made, leased and removed. */
export function lockOf(path: string): string {
  return `${path}.lock`;
}

function leasesOf(path: string): string {
  return `${path}.leases`;
}

async function unlessMissing(task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}
