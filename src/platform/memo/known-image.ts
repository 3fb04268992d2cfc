import type { Context } from '../../core/context.ts';
import { hasCode, SlipwayError } from '../../core/errors.ts';
import type { Locator } from '../../locate/locator.ts';
import { placeOf } from '../../locate/place-of.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { isStandardStream, parseLocation, type Location } from '../../oci/location.ts';
import { isForeignLayer } from '../../oci/media-types.ts';
import type { ImageSource } from '../../ports/store.ts';
import { eachBounded } from '../../store/bounded.ts';
import { targetOf } from '../../store/select.ts';
import { walkImage, type WalkedImage } from '../../store/walk.ts';

/** A store that has an image whole: its manifest, and every blob with its size. */
export interface KnownImage {
  readonly location: Location;
  readonly source: ImageSource;
  readonly walked: WalkedImage;
}

/** Undefined where the store says that it has not all of the image. Throws what keeps it from saying so. */
export async function findWhole(
  location: Location,
  digest: Digest,
  locator: Locator,
  ctx: Context,
): Promise<KnownImage | undefined> {
  if (isStandardStream(location)) return undefined;
  try {
    const source = await locator.openSource(location, ctx);
    const walked = await walkImage(source, digest, ctx);
    const blobs = walked.blobs.filter(({ mediaType }) => !isForeignLayer(mediaType));
    const missing: Descriptor[] = [];
    await eachBounded(blobs, ctx.limiter.limit, ctx, async (blob, inner) => {
      if (!(await source.has(blob, inner))) missing.push(blob);
    });
    return missing.length === 0 ? { location, source, walked } : undefined;
  } catch (error) {
    if (!ctx.signal.aborted && hasCode(error, 'IMAGE_NOT_FOUND', 'BLOB_NOT_FOUND', 'FILE_NOT_FOUND')) return undefined;
    throw error;
  }
}

/** The first of the places that has the image; one that cannot be asked has not. */
export async function findAnywhere(
  places: readonly Location[],
  digest: Digest,
  locator: Locator,
  ctx: Context,
): Promise<KnownImage | undefined> {
  const seen = new Set<string>();
  for (const place of places) {
    if (seen.has(placeOf(place))) continue;
    seen.add(placeOf(place));
    try {
      const known = await findWhole(place, digest, locator, ctx);
      if (known !== undefined) return known;
    } catch (error) {
      if (ctx.signal.aborted || !(error instanceof SlipwayError)) throw error;
    }
  }
  return undefined;
}

/** Whether the location's own name and these lead to the image there. */
export async function isNamedSo(
  { location, source, walked }: KnownImage,
  names: readonly string[],
  ctx: Context,
): Promise<boolean> {
  try {
    for (const name of [targetOf(location), ...names]) {
      const { descriptor } = await source.resolve(name, ctx);
      if (descriptor.digest !== walked.top.descriptor.digest) return false;
    }
    return true;
  } catch (error) {
    if (!ctx.signal.aborted && hasCode(error, 'IMAGE_NOT_FOUND', 'IMAGE_AMBIGUOUS')) return false;
    throw error;
  }
}

/** What was written down; a text that is no location any more is passed over. */
export function readPlaces(texts: readonly string[]): readonly Location[] {
  return texts.flatMap((text) => {
    try {
      return [parseLocation(text)];
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error;
      return [];
    }
  });
}
