import type { Context } from '../core/context.ts';
import type { Layer } from '../ports/blob.ts';

export function openTar(layer: Layer, ctx: Context): AsyncIterable<Uint8Array> {
  throw new Error(`not yet ${String([layer, ctx])}`);
}
