import type { Location } from '../oci/location.ts';
import { parsePlatform } from '../oci/platform.ts';
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
  /** Name as provided; empty below Platform API 0.12. */
  readonly image: string;
  readonly extend: boolean;
  readonly target?: TargetMetadata;
  /** `[run-image.slipway]`: what was asked and what it went through. */
  readonly slipway?: { readonly requested: string; readonly index?: string; readonly platform: string };
}

/**
 * What is known of the run image's target: all of it from Platform API 0.12 on; before, its platform if an analyzer of ours wrote it
 * down, so that nothing is guessed from this machine (design §2.4).
 */
export function knownTarget(runImage: AnalyzedRunImage | undefined): TargetMetadata | undefined {
  const { target, slipway } = runImage ?? {};
  if (target !== undefined || slipway === undefined || slipway.platform === '') return target;
  const { os, architecture, variant } = parsePlatform(slipway.platform);
  return { os, arch: architecture, ...(variant === undefined ? {} : { archVariant: variant }) };
}

/** analyzed.toml (contract §5.5). */
export interface Analyzed {
  /** The previous image, pinned; undefined when there is none. */
  readonly previousImage?: Location;
  readonly buildImage?: Location;
  readonly metadata: LifecycleMetadata;
  readonly runImage?: AnalyzedRunImage;
}
