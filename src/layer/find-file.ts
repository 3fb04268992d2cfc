import type { Context } from '../core/context.ts';
import type { Layer } from '../ports/blob.ts';

export type FoundKind = 'file' | 'directory' | 'symlink' | 'absent';

export function findInLayers(
  layers: readonly Layer[],
  paths: readonly string[],
  ctx: Context,
): Promise<Readonly<Record<string, FoundKind>>> {
  return Promise.reject(new Error(`not yet ${String([layers, paths, ctx])}`));
}
