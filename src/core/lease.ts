import { readdir, rmdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { uniqueSuffix, writeError } from './atomic-file.ts';
import type { Context } from './context.ts';
import { isSystem } from './errors.ts';
import { removeLeftovers } from './leftovers.ts';
import { makeDirectory } from './make-directory.ts';

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

/** True while a living process has a lease; those of killed ones are forgotten, of other machines and containers after a day. */
export async function isLeased(path: string, ctx: Context): Promise<boolean> {
  const directory = leasesOf(path);
  await removeLeftovers(directory, ctx);
  try {
    if ((await readdir(directory)).length > 0) return true;
  } catch (error) {
    if (!isSystem(error, 'ENOENT')) throw error;
  }
  await unlessMissing(() => rmdir(directory));
  return false;
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
