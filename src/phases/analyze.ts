import type { Analyzed } from '../cnb/analyzed.ts';
import type { PlatformFeatures } from '../cnb/features.ts';
import type { Context } from '../core/context.ts';
import type { BaseImage } from '../image/plan.ts';
import type { Place } from '../layer/place.ts';
import type { Location } from '../oci/location.ts';
import type { Platform } from '../oci/platform.ts';
import type { ImageFinder } from '../ports/image-finder.ts';
import type { Image } from '../ports/image.ts';
import type { LayerStore } from '../ports/layer-cache.ts';

/** A run image that may be used: where it is, and the name as the user or run.toml gave it. */
export interface RunImageCandidate {
  readonly location: Location;
  readonly name: string;
}

export interface AnalyzeInput {
  /** In order to try: image, then mirrors; or the explicit base without layers, which needs `target`. */
  readonly runImage: readonly RunImageCandidate[] | { readonly kind: 'scratch' };
  readonly previousImage: Location | undefined;
  /** The previous image's name as given, for messages. */
  readonly previousName: string;
  readonly outputs: readonly Location[];
  /** Wanted platform; undefined = the image's own, or linux/<host architecture> when several are on offer. */
  readonly target: Platform | undefined;
  readonly skipLayers: boolean;
  readonly layers: Place;
  readonly features: PlatformFeatures;
}

export interface AnalyzePorts {
  readonly images: ImageFinder;
  /** Layers of the previous image that are missing from its store may lie here. */
  readonly launchCache?: LayerStore | undefined;
}

export interface AnalyzeOutput {
  /** What analyzed.toml says; `runImage` is undefined for a scratch base. */
  readonly analyzed: Analyzed;
  readonly runImage: BaseImage;
  /** Undefined when there is none, or none that can be used. */
  readonly previousImage: Image | undefined;
}

/**
 * Resolves the run image and the previous image once (contract §9, design §2). Throws `RUN_IMAGE_UNUSABLE` (exit 32) with what
 * was tried, `RUN_IMAGE_UNKNOWN` (exit 3) without a candidate, or the reason why an output or previous image is refused (exit 32).
 */
export function analyze(input: AnalyzeInput, ports: AnalyzePorts, ctx: Context): Promise<AnalyzeOutput> {
  return Promise.reject(new Error(`not yet: ${input.previousName} ${ctx.tmp} ${typeof ports}`));
}
