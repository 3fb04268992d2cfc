import type { Analyzed, AnalyzedRunImage } from '../../cnb/analyzed.ts';
import type { PlatformFeatures } from '../../cnb/features.ts';
import type { GroupElement } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { displayLocation } from '../../oci/location.ts';
import { formatPlatform, parsePlatform, type Platform } from '../../oci/platform.ts';
import type { NamedLocation } from '../../options/names.ts';
import { targetMetadata } from '../../phases/analyze/target-metadata.ts';
import type { FindOptions, ImageFinder } from '../../ports/image-finder.ts';
import type { Image } from '../../ports/image.ts';
import { keepForExtender } from './base-cache.ts';

export interface ExtensionImages {
  readonly group: readonly GroupElement[];
  /** `-build-image`. */
  readonly buildImage: NamedLocation | undefined;
  readonly features: PlatformFeatures;
  /** Under `-layout` nothing is kept for an extender. */
  readonly isLayout: boolean;
  /** `/kaniko`. */
  readonly kaniko: string;
}

/**
 * The images that extensions need, resolved once (contract §10.1.2): the build image and a run image that is to be extended are kept for
 * the extender; a run image that extensions switched to gets its digest and its target. Throws `RUN_IMAGE_UNUSABLE` (exit 32) for one
 * that cannot be used.
 */
export async function resolveForExtensions(
  analyzed: Analyzed,
  wanted: ExtensionImages,
  images: ImageFinder,
  ctx: Context,
): Promise<Analyzed> {
  const { buildImage, features } = wanted;
  const withBuild =
    buildImage === undefined || !features.hasExtensions
      ? analyzed
      : { ...analyzed, buildImage: (await pullBuildImage(buildImage, wanted, images, ctx)).pinned };
  const { runImage } = analyzed;
  if (runImage === undefined) return withBuild;
  const isExtended = features.hasTargets && !wanted.isLayout && runImage.extend;
  const isSwitched =
    features.hasExtensions && runImage.target === undefined && wanted.group.some(({ kind }) => kind === 'extension');
  if (!isExtended && !isSwitched) return withBuild;
  const image = await findExtensionBase(runImage, images, ctx);
  if (isExtended) await keepForExtender(image, wanted.kaniko, ctx);
  debug(ctx, 'Updating run image info in analyzed metadata...');
  return { ...withBuild, runImage: resolvedRunImage(runImage, image, features) };
}

/** What was analyzed was for one platform: the images that join it are for that one. */
export function platformOption({ slipway }: AnalyzedRunImage): FindOptions {
  const platform: Platform | undefined =
    slipway === undefined || slipway.platform === '' ? undefined : parsePlatform(slipway.platform);
  return platform === undefined ? {} : { target: platform };
}

async function pullBuildImage(
  named: NamedLocation,
  wanted: ExtensionImages,
  images: ImageFinder,
  ctx: Context,
): Promise<Image> {
  debug(ctx, `Pulling builder image metadata for ${named.name}...`);
  const image = await images.find(named.location, 'build image', ctx);
  await keepForExtender(image, wanted.kaniko, ctx);
  return image;
}

/** The run image that extensions switched to, or are to extend. Throws `RUN_IMAGE_UNUSABLE` (exit 32). */
export async function findExtensionBase(runImage: AnalyzedRunImage, images: ImageFinder, ctx: Context): Promise<Image> {
  const name = runImage.image === '' ? displayLocation(runImage.reference) : runImage.image;
  debug(ctx, `Pulling run image metadata for ${name}...`);
  try {
    return await images.find(runImage.reference, 'run image', ctx, platformOption(runImage));
  } catch (error) {
    if (!(error instanceof SlipwayError) || ctx.signal.aborted) throw error;
    throw new SlipwayError('RUN_IMAGE_UNUSABLE', `run image ${name}, to be used with extensions, cannot be used`, {
      cause: error,
      details: { reason: error.message, ...error.details },
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

/** The same entry of analyzed.toml with digest and target. */
export function resolvedRunImage(
  runImage: AnalyzedRunImage,
  image: Image,
  features: PlatformFeatures,
): AnalyzedRunImage {
  return {
    ...runImage,
    reference: image.pinned,
    ...(features.hasTargets ? { target: targetMetadata(image) } : {}),
    slipway: {
      requested: runImage.slipway?.requested ?? displayLocation(image.requested),
      ...(image.indexDigest === undefined ? {} : { index: image.indexDigest }),
      platform: formatPlatform(image.platform),
    },
  };
}

function debug(ctx: Context, message: string): void {
  ctx.emit({ type: 'log', level: 'debug', message });
}
