import type { Context } from '../core/context.ts';
import type { DiffId } from '../oci/digest.ts';
import type { LayerSource } from './layer-source.ts';

export function hashLayer(source: LayerSource, ctx: Context): Promise<DiffId> {
  return Promise.reject(new Error(`not yet ${String([source, ctx])}`));
}
