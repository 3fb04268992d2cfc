import type { Location } from '../oci/location.ts';
import type { LifecycleMetadata } from './layer-metadata.ts';

/** Target data of the run image as buildpacks see it (`[run-image.target]`). */
export interface TargetMetadata {
  readonly id?: string;
  readonly os: string;
  readonly arch: string;
  readonly archVariant?: string;
  readonly distro?: { readonly name: string; readonly version: string };
}

export interface AnalyzedRunImage {
  /** Pinned to the platform manifest (design §2.5). */
  readonly reference: Location;
  /** Name as provided. */
  readonly image: string;
  readonly extend: boolean;
  readonly target?: TargetMetadata;
  /** `[run-image.slipway]`: what was asked and what it went through. */
  readonly slipway?: { readonly requested: string; readonly index?: string; readonly platform: string };
}

/** analyzed.toml (contract §5.5). */
export interface Analyzed {
  /** The previous image, pinned; undefined when there is none. */
  readonly previousImage?: Location;
  readonly buildImage?: Location;
  readonly metadata: LifecycleMetadata;
  readonly runImage?: AnalyzedRunImage;
}
