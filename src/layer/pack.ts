import type { Context } from '../core/context.ts';
import { layerMediaType, type MediaFamily } from '../oci/media-types.ts';
import type { Layer } from '../ports/blob.ts';
import type { BlobStaging } from '../ports/store.ts';
import { openBlobWriter } from './blob-writer.ts';
import type { Compression } from './compression.ts';
import type { LayerSource } from './layer-source.ts';
import { sharedSlabs } from './slab.ts';
import { writeTar } from './tar-writer.ts';

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

/**
 * Makes a layer's blob in one pass: tar → diffID → gzip → digest → staging (performance.md §9). The uncompressed tar exists in slabs
 * only; memory does not grow with the layer. The blob's bytes depend on the tar and on `compression` (see `BLOCK_FORMAT`), never on
 * threads. Nothing is visible in the staging area unless it ends well.
 *
 * Throws `FILE_NOT_FOUND`, `FILE_NOT_READABLE`, `FILE_CHANGED`, what the staging area throws, and the signal's reason.
 */
export async function packLayer(
  source: LayerSource,
  staging: BlobStaging,
  ctx: Context,
  options: PackOptions,
): Promise<PackedLayer> {
  const staged = staging.begin();
  try {
    const writer = openBlobWriter(staged, options.compression, sharedSlabs());
    let tarSize: number;
    try {
      tarSize = await writeTar(source, writer, ctx);
    } finally {
      await writer.close();
    }
    const { diffId, digest, size } = writer.result();
    const mediaType = layerMediaType(options.family, options.compression.codec);
    const blob = await staged.commit({ mediaType, digest, size });
    return { layer: { ...blob, diffId, origins: [] }, tarSize };
  } catch (error) {
    staged.abort();
    throw error;
  }
}
