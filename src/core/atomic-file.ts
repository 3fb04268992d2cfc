import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeDirectory } from './make-directory.ts';
import { isSystem, messageOf, SlipwayError, systemCode } from './errors.ts';
import { ownIdentity } from './process-identity.ts';

/**
 * Replaces a file as a whole: temp name beside it → write → fsync → rename. Readers see the old or the new bytes, never a part.
 * Makes parent directories. Throws `WRITE_FAILED` or `DISK_FULL` naming the path.
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array | string,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${uniqueSuffix()}`);
  try {
    await makeDirectory(dirname(path));
    const handle = await open(temporary, 'wx', options.mode ?? 0o666);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await discard(temporary);
    throw writeError(path, error);
  }
}

/** Removes what was begun and failed. That it cannot be removed, or was never there, says less than the failure itself. */
export async function discard(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

/** A name part that no other process or call uses. It names its process, so that `removeLeftovers` can tell what a killed one left. */
export function uniqueSuffix(): string {
  const { pid, startTime, boot } = ownIdentity();
  return `${String(pid)}-${startTime}-${boot}-${randomBytes(6).toString('hex')}.tmp`;
}

/** A system error of writing, as ours: `DISK_FULL` or `WRITE_FAILED` with the path and the remedy. Ours pass unchanged. */
export function writeError(path: string, error: unknown): SlipwayError {
  if (error instanceof SlipwayError) return error;
  if (isSystem(error, 'ENOSPC', 'EDQUOT')) {
    return new SlipwayError('DISK_FULL', `no space left to write ${path}`, {
      cause: error,
      hint: 'free some space or choose another output',
    });
  }
  if (isSystem(error, 'EROFS', 'EACCES', 'EPERM')) {
    return new SlipwayError('WRITE_FAILED', `cannot write ${path}: ${messageOf(error)}`, {
      cause: error,
      hint: 'choose a place this user may write to',
    });
  }
  return new SlipwayError('WRITE_FAILED', `cannot write ${path}: ${messageOf(error)}`, { cause: error });
}
