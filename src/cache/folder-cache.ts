import type { Context } from '../core/context.ts';
import type { BuildCache } from '../ports/layer-cache.ts';

/**
 * Opens a cache folder (design §4) and pins its current root; makes the folder when it is missing (GAP-3). Throws `WRITE_FAILED`
 * (exit 1) naming the path when it is a file or cannot be written to.
 */
export function openFolderCache(directory: string, ctx: Context): Promise<BuildCache> {
  return Promise.reject(new Error(`not yet: ${directory} ${ctx.tmp}`));
}
