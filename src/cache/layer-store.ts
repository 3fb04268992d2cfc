import type { Context } from '../core/context.ts';
import type { LayerStore } from '../ports/layer-cache.ts';

/** Opens a folder as a diffID → blob store (`-launch-cache`, design §2.6). It may be the same folder as a build cache. */
export function openFolderLayerStore(directory: string, ctx: Context): Promise<LayerStore> {
  return Promise.reject(new Error(`not yet: ${directory} ${ctx.tmp}`));
}
