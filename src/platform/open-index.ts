import { join } from 'node:path';
import { openLayerIndex } from '../cache/layer-index.ts';
import type { Context } from '../core/context.ts';
import type { IndexChoice } from '../options/index-choice.ts';
import type { LayerIndex } from '../ports/layer-index.ts';

/** In a cache folder; and an area of the cache's root. */
export const INDEX_FOLDER = 'index';

/** Below the cache's root. */
export function indexPath(root: string, name: string): string {
  return join(root, INDEX_FOLDER, name);
}

/** Undefined where nobody is to be asked. The directory need not exist. */
export function openIndex(directory: string | undefined, choice: IndexChoice, ctx: Context): LayerIndex | undefined {
  return directory === undefined || choice === 'none'
    ? undefined
    : openLayerIndex(directory, ctx, { isVerified: choice === 'verify' });
}
