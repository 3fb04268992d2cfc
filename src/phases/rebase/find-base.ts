import type { Context } from '../../core/context.ts';
import { hasCode, SlipwayError } from '../../core/errors.ts';
import { LIFECYCLE_METADATA_LABEL } from '../../cnb/labels.ts';
import { readRunImageRecord } from '../../cnb/run-image-record.ts';
import type { Location } from '../../oci/location.ts';
import type { FindOptions, ImageFinder, ImageRole } from '../../ports/image-finder.ts';
import type { Image } from '../../ports/image.ts';
import type { RunImageCandidate } from '../analyze.ts';
import { findRunImage, type FoundRunImage } from '../analyze/find-run-image.ts';

/** Where this machine's user would rather have an image from that a label names. */
export type Preferred = (image: string) => readonly RunImageCandidate[];

/**
 * The run images to try for an app image: the one that was named, else those of its label (contract §17.2). Throws `RUN_IMAGE_UNKNOWN`
 * (exit 72) when there is none.
 */
export function baseCandidates(
  app: Image,
  named: RunImageCandidate | undefined,
  preferred: Preferred = () => [],
): readonly RunImageCandidate[] {
  if (named !== undefined) return [named];
  const record = readRunImageRecord(app.config.labels[LIFECYCLE_METADATA_LABEL] ?? '');
  const candidates = record?.candidates ?? [];
  if (candidates.length > 0) return [...preferred(record?.names[0] ?? ''), ...candidates];
  throw new SlipwayError(
    'RUN_IMAGE_UNKNOWN',
    'failed to parse arguments: -run-image is required when there is no run image metadata available',
    { exit: 72, hint: { kind: 'choose-run-image' } },
  );
}

/**
 * The first of them that can be used, for the app's platform (contract GAP-2, Z-18). One that is for another platform altogether is
 * found as well, so that the target's check can say so; an index that lacks the platform is not. Throws `RUN_IMAGE_UNUSABLE`.
 */
export function findBase(search: BaseSearch, images: ImageFinder, ctx: Context): Promise<FoundRunImage> {
  const { app, candidates, near } = search;
  const find: ImageFinder['find'] = (location, role, inner, options) =>
    findAny(images, { location, role }, inner, options);
  return findRunImage({ candidates, output: near, target: app.platform }, { ...images, find }, ctx);
}

export interface BaseSearch {
  readonly app: Image;
  readonly candidates: readonly RunImageCandidate[];
  /** Candidates of its registry are tried first (contract §9.1). */
  readonly near: Location | undefined;
}

async function findAny(
  images: ImageFinder,
  wanted: { readonly location: Location; readonly role: ImageRole },
  ctx: Context,
  options?: FindOptions,
): Promise<Image> {
  const { location, role } = wanted;
  try {
    return await images.find(location, role, ctx, options);
  } catch (error) {
    if (!hasCode(error, 'PLATFORM_NOT_FOUND') || error.details['index'] !== undefined) throw error;
    return images.find(location, role, ctx);
  }
}
