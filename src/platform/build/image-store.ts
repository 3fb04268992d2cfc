import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../core/context.ts';
import { messageOf, systemCode } from '../../core/errors.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { cacheRoot } from '../cache-root.ts';
import type { Machine } from '../machine.ts';

/**
 * The directory of unpacked images. Where this user cannot write to the cache, images are unpacked among the temporary files, once a
 * build, with a warning.
 */
export async function imageStore(machine: Machine, ctx: Context): Promise<string> {
  const store = join(cacheRoot(machine), 'rootfs');
  try {
    // Whoever could look into it could run the image's programs, setuid ones among them, as this user.
    await makeDirectory(store, { mode: 0o700 });
    await access(store, constants.R_OK | constants.W_OK | constants.X_OK);
    return store;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    const message = `the builder is unpacked for this build alone: ${messageOf(error)}; name a place with SLIPWAY_CACHE_DIR`;
    ctx.emit({ type: 'warning', code: 'CACHE_IGNORED', message });
    return join(ctx.tmp, 'rootfs');
  }
}
