/** Media types of the OCI image-spec and of Docker's image manifest v2 schema 2, and their two families. */
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';
const DOCKER_FOREIGN_LAYER = 'application/vnd.docker.image.rootfs.foreign.diff.tar';
const OCI_FOREIGN_LAYER = 'application/vnd.oci.image.layer.nondistributable.v1.tar';

export type MediaFamily = 'oci' | 'docker';
export type LayerCompression = 'none' | 'gzip' | 'zstd';

/** Of bytes of which nothing is known. */
export const ANY_BYTES = 'application/octet-stream';

/** Accept header for manifests and indexes of either family. */
export const MANIFEST_TYPES: readonly string[] = [OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST];

export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_INDEX;
}

export function isManifestType(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST;
}

export function familyOf(manifestMediaType: string): MediaFamily {
  return manifestMediaType.startsWith('application/vnd.docker.') ? 'docker' : 'oci';
}

/** The type of a layer in a family (design §5: new layers take the family of the base manifest). */
export function layerMediaType(family: MediaFamily, compression: LayerCompression): string {
  if (family === 'docker')
    return compression === 'none'
      ? DOCKER_LAYER
      : compression === 'gzip'
        ? `${DOCKER_LAYER}.gzip`
        : `${DOCKER_LAYER}.zstd`;
  return compression === 'none' ? OCI_LAYER : `${OCI_LAYER}+${compression}`;
}

/** How a layer of this media type is compressed; undefined for a type that is no layer. */
export function compressionOf(mediaType: string): LayerCompression | undefined {
  const base = [OCI_LAYER, OCI_FOREIGN_LAYER, DOCKER_LAYER, DOCKER_FOREIGN_LAYER].find((type) =>
    mediaType.startsWith(type),
  );
  if (base === undefined) return undefined;
  const rest = mediaType.slice(base.length);
  if (rest === '') return 'none';
  if (rest === '.gzip' || rest === '+gzip') return 'gzip';
  return rest === '.zstd' || rest === '+zstd' ? 'zstd' : undefined;
}

export function isForeignLayer(mediaType: string): boolean {
  return mediaType.startsWith(DOCKER_FOREIGN_LAYER) || mediaType.startsWith(OCI_FOREIGN_LAYER);
}

export function configMediaType(family: MediaFamily): string {
  return family === 'docker' ? DOCKER_CONFIG : OCI_CONFIG;
}

export function manifestMediaType(family: MediaFamily): string {
  return family === 'docker' ? DOCKER_MANIFEST : OCI_MANIFEST;
}
