import type { Context } from '../core/context.ts';
import type { MediaFamily } from '../oci/media-types.ts';
import type { Layer } from '../ports/blob.ts';
import type { BlobStaging } from '../ports/store.ts';
import type { Compression } from './compression.ts';
import type { LayerSource } from './layer-source.ts';

export interface PackedLayer {
  /** The new blob and its diffID; origins are empty. */
  readonly layer: Layer;
  /** Bytes of the uncompressed tar. */
  readonly tarSize: number;
}

export interface PackOptions {
  readonly compression: Compression;
  /** Family of the media type: the base manifest's (design §5). */
  readonly family: MediaFamily;
}

export function packLayer(
  source: LayerSource,
  staging: BlobStaging,
  ctx: Context,
  options: PackOptions,
): Promise<PackedLayer> {
  return Promise.reject(new Error(`not yet ${String([source, staging, ctx, options])}`));
}
