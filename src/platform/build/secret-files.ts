import { constants } from 'node:fs';
import { access, chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { uniqueSuffix, writeError } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { systemCode } from '../../core/errors.ts';
import { removeLeftovers } from '../../core/leftovers.ts';
import type { Secret } from '../../core/secret-forms.ts';
import type { Machine } from '../machine.ts';

/** Where buildpacks find them. */
export const SECRETS_DIRECTORY = '/run/secrets';

/** The secrets as files of a private directory; disposing removes it. */
export interface SecretFiles extends AsyncDisposable {
  readonly directory: string;
  readonly files: readonly string[];
}

/**
 * Writes each secret to a file that its owner alone may read, in memory where this machine has a file system there. What a killed
 * process left behind is removed first.
 */
export async function openSecretFiles(
  secrets: readonly Secret[],
  machine: Machine,
  ctx: Context,
): Promise<SecretFiles> {
  const home = await memoryDirectory(machine, ctx);
  await removeLeftovers(home, ctx);
  const directory = join(home, `.slipway-secrets.${uniqueSuffix()}`);
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    await mkdir(directory, { mode: 0o700 });
    const files: string[] = [];
    for (const { id, bytes } of secrets) {
      const file = join(directory, id);
      await writeFile(file, bytes, { flag: 'wx', mode: 0o400 });
      await chmod(file, 0o400);
      files.push(file);
    }
    return { directory, files, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw writeError('the files of secrets', error);
  }
}

/** Nothing there is written to a disk; else the build's own temporary directory. */
async function memoryDirectory({ env }: Machine, ctx: Context): Promise<string> {
  for (const place of [env['XDG_RUNTIME_DIR'], '/dev/shm']) {
    if (place?.startsWith('/') !== true) continue;
    try {
      await access(place, constants.W_OK | constants.X_OK);
      return place;
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }
  return ctx.tmp;
}
