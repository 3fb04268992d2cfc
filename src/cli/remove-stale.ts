import { lstat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Context } from '../core/context.ts';
import { removeLeftovers } from '../core/leftovers.ts';
import { removeTree } from '../layer/remove-tree.ts';

/**
 * Removes temporary directories of builds that were killed (`kill -9`, out of memory): those beside this command's own that the same
 * user made and whose process is gone on this boot, or that are a day old. A build's can be gigabytes.
 */
export function removeStaleTemporary(ctx: Context, uid: number): Promise<void> {
  return removeLeftovers(dirname(ctx.tmp), ctx, {
    remove: async (path) => {
      const stats = await lstat(path);
      // In a directory for everybody a name says nothing.
      if (basename(path).startsWith('slipway.') && stats.isDirectory() && stats.uid === uid)
        await removeTree(path, ctx);
    },
  });
}
