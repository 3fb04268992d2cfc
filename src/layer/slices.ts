import type { Slice } from '../cnb/process.ts';
import type { Context } from '../core/context.ts';
import type { LayerSource } from './layer-source.ts';
import type { Place } from './place.ts';

export function planSlices(app: Place, slices: readonly Slice[], ctx: Context): Promise<readonly LayerSource[]> {
  return Promise.reject(new Error(`not yet ${String([app, slices, ctx])}`));
}
