import type { Digest } from '../oci/digest.ts';
import type { ImageConfig } from '../oci/image-config.ts';
import type { Location } from '../oci/location.ts';
import type { Manifest, RawManifest } from '../oci/manifest.ts';
import type { Platform } from '../oci/platform.ts';
import type { Layer } from './blob.ts';
import type { ImageSource } from './store.ts';

/**
 * One image for one platform, resolved once (design §2.1). Everything in it agrees: the manifest's bytes have `manifestDigest`, the
 * config's bytes the manifest's config digest, and there is one diffID per layer.
 */
export interface Image {
  /** The location that was asked for, as given. */
  readonly requested: Location;
  /** `requested` at the platform manifest's digest: the only form in which the image is recorded. */
  readonly pinned: Location;
  /** The index that the name led to, if it was one. */
  readonly indexDigest?: Digest;
  readonly manifestDigest: Digest;
  readonly manifest: Manifest;
  readonly rawManifest: RawManifest;
  readonly config: ImageConfig;
  readonly rawConfig: Uint8Array;
  readonly platform: Platform;
  /** Bottom first; never empty unless the caller allowed it. */
  readonly layers: readonly Layer[];
  readonly source: ImageSource;
}
