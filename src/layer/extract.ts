import type { Context } from '../core/context.ts';
import type { Layer } from '../ports/blob.ts';
import type { Place } from './place.ts';

export interface ExtractOptions {
  readonly places: readonly Place[];
}

export function extractLayer(layer: Layer, ctx: Context, options: ExtractOptions): Promise<void> {
  return Promise.reject(new Error(`not yet ${String([layer, ctx, options])}`));
}
