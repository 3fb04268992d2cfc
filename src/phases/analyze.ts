import type { Analyzed, AnalyzedRunImage } from '../cnb/analyzed.ts';
import type { PlatformFeatures } from '../cnb/features.ts';
import { EMPTY_LIFECYCLE_METADATA } from '../cnb/layer-metadata.ts';
import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import { isScratch, type BaseImage } from '../image/plan.ts';
import type { Place } from '../layer/place.ts';
import { displayLocation, type Location } from '../oci/location.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';
import type { ImageFinder } from '../ports/image-finder.ts';
import type { Image } from '../ports/image.ts';
import type { LayerStore } from '../ports/layer-cache.ts';
import { checkOutputs } from './analyze/check-outputs.ts';
import { findPreviousImage, type PreviousImage } from './analyze/find-previous-image.ts';
import { findRunImage } from './analyze/find-run-image.ts';
import { logRunImage } from './analyze/log-run-image.ts';
import { restoreSbom } from './analyze/restore-sbom.ts';
import { targetMetadata } from './analyze/target-metadata.ts';
import { withTimer } from './timer.ts';

/** A run image that may be used: where it is, and the name as the user or run.toml gave it. */
export interface RunImageCandidate {
  readonly location: Location;
  /** What is recorded. */
  readonly name: string;
  /** How messages call it; default: `name`. */
  readonly shown?: string;
}

export interface AnalyzeInput {
  /** In order to try: image, then mirrors; or the explicit base without layers, which needs `target`. */
  readonly runImage: readonly RunImageCandidate[] | { readonly kind: 'scratch' };
  readonly previousImage: Location | undefined;
  /** The previous image's name as given, for messages. */
  readonly previousName: string;
  readonly outputs: readonly Location[];
  /** Written to as well: checked like an output. */
  readonly cacheImage?: Location | undefined;
  /** A previous image of another execution environment is ignored, where the Platform API knows any (GAP-24). */
  readonly execEnv?: string | undefined;
  /** Wanted platform; undefined = the image's own, or linux/<host architecture> when several are on offer. */
  readonly target: Platform | undefined;
  readonly skipLayers: boolean;
  readonly layers: Place;
  readonly features: PlatformFeatures;
  /** How log lines write a pinned image; default `displayLocation`. */
  readonly show?: ((pinned: Location) => string) | undefined;
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
export async function analyze(input: AnalyzeInput, ports: AnalyzePorts, ctx: Context): Promise<AnalyzeOutput> {
  const { show = displayLocation } = input;
  const { found, previous } = await withTimer('Analyzer', ctx, async () => {
    const found = await findBase(input, ports, ctx);
    const previous = await findPrevious(input, found.base, ports, ctx);
    if (previous !== undefined && input.features.hasSboms && !input.skipLayers)
      await restoreSbom(previous, input.layers, ports.launchCache, ctx);
    if (!isScratch(found.base)) {
      const message = `Found image with identifier "${show(found.base.pinned)}"`;
      ctx.emit({ type: 'log', level: 'debug', message });
    }
    return { found, previous };
  });
  const runImage = isScratch(found.base) ? undefined : analyzedRunImage(found.base, found.name, input.features);
  if (runImage !== undefined) logRunImage(runImage, ctx, { show });
  return {
    analyzed: {
      ...(previous === undefined ? {} : { previousImage: previous.image.pinned }),
      metadata: previous?.metadata ?? EMPTY_LIFECYCLE_METADATA,
      ...(runImage === undefined ? {} : { runImage }),
    },
    runImage: found.base,
    previousImage: previous?.image,
  };
}

interface FoundBase {
  readonly base: BaseImage;
  readonly name: string;
}

/** The base, while the outputs are checked; what is wrong with the run image is told first. */
async function findBase(input: AnalyzeInput, ports: AnalyzePorts, ctx: Context): Promise<FoundBase> {
  const { images } = ports;
  const [found, outputs] = await Promise.allSettled([
    resolveBase(input, images, ctx),
    checkOutputs(input.cacheImage === undefined ? input.outputs : [...input.outputs, input.cacheImage], images, ctx),
  ]);
  if (found.status === 'rejected') throw found.reason;
  if (outputs.status === 'rejected') throw outputs.reason;
  return found.value;
}

async function resolveBase(input: AnalyzeInput, images: ImageFinder, ctx: Context): Promise<FoundBase> {
  const { runImage, target } = input;
  if ('kind' in runImage) {
    if (target === undefined) {
      throw new SlipwayError('ARGUMENT_INVALID', 'run image scratch has no platform of its own', {
        hint: { kind: 'choose-platform', offered: ['linux/amd64', 'linux/arm64'] },
      });
    }
    return { base: { kind: 'scratch', platform: target, family: 'oci' }, name: 'scratch' };
  }
  const { image, name } = await findRunImage({ candidates: runImage, output: input.outputs[0], target }, images, ctx);
  return { base: image, name };
}

async function findPrevious(
  input: AnalyzeInput,
  base: BaseImage,
  ports: AnalyzePorts,
  ctx: Context,
): Promise<PreviousImage | undefined> {
  const { previousImage, previousName, show } = input;
  if (previousImage === undefined) return undefined;
  const execEnv = input.features.hasExecEnv ? input.execEnv : undefined;
  const { platform } = base;
  return findPreviousImage({ location: previousImage, name: previousName, platform, execEnv, show }, ports, ctx);
}

function analyzedRunImage(image: Image, name: string, features: PlatformFeatures): AnalyzedRunImage {
  return {
    reference: image.pinned,
    image: features.hasTargets ? name : '',
    extend: false,
    ...(features.hasTargets ? { target: targetMetadata(image) } : {}),
    slipway: {
      requested: displayLocation(image.requested),
      ...(image.indexDigest === undefined ? {} : { index: image.indexDigest }),
      platform: formatPlatform(image.platform),
    },
  };
}
