import type { Descriptor } from './descriptor.ts';
import { algorithmOf, hexOf, type Digest } from './digest.ts';
import type { ImageIndex, Manifest, RawManifest } from './manifest.ts';

/** The entry of a referrers list for a manifest (distribution-spec, "listing referrers"): an image's config type stands for a missing type. */
export function referrerOf(raw: RawManifest, decoded: Manifest | ImageIndex): Descriptor {
  const { mediaType, digest, size } = raw.descriptor;
  const artifactType = decoded.artifactType ?? (decoded.kind === 'manifest' ? decoded.config.mediaType : undefined);
  return {
    mediaType: mediaType === '' ? decoded.mediaType : mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(Object.keys(decoded.annotations).length === 0 ? {} : { annotations: decoded.annotations }),
  };
}

/** The tag under which a registry without the referrers API keeps their index (distribution-spec, "referrers tag schema"). */
export function referrersTag(subject: Digest): string {
  return `${algorithmOf(subject)}-${hexOf(subject).slice(0, 64)}`;
}

/** The descriptors of an artifact type; all of them when none is wanted. */
export function ofArtifactType(found: readonly Descriptor[], wanted: string | undefined): readonly Descriptor[] {
  return wanted === undefined ? found : found.filter(({ artifactType }) => artifactType === wanted);
}
