import { compressionOf, familyOf, isForeignLayer, layerMediaType, type MediaFamily } from '../oci/media-types.ts';
import type { Layer } from '../ports/blob.ts';

/** The layer with a type of the family, over the same bytes: registries and scanners refuse mixed manifests (GAP-6). */
export function inFamily(layer: Layer, family: MediaFamily): Layer {
  const { mediaType } = layer.descriptor;
  const compression = compressionOf(mediaType);
  if (compression === undefined || isForeignLayer(mediaType) || familyOf(mediaType) === family) return layer;
  return { ...layer, descriptor: { ...layer.descriptor, mediaType: layerMediaType(family, compression) } };
}

/** The family of an image with these layers: Docker's has no zstd (decision 0024), so that such an image is an OCI one. */
export function familyWith(family: MediaFamily, layers: readonly Layer[]): MediaFamily {
  return layers.some(({ descriptor }) => compressionOf(descriptor.mediaType) === 'zstd') ? 'oci' : family;
}
