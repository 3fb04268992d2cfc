import type { Context } from '../../core/context.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { displayLocation, locationAtDigest, type Location } from '../../oci/location.ts';
import type { ImageIndex } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import type { ImageFinder } from '../../ports/image-finder.ts';
import type { Image } from '../../ports/image.ts';
import type { ImageSource } from '../../ports/store.ts';
import { isAttestation, listOffers } from '../../store/index-offers.ts';
import { readManifest } from '../../store/read-manifest.ts';
import { targetOf } from '../../store/select.ts';

/** How a rebase reaches images. */
export interface RebaseImages extends ImageFinder {
  readonly openSource: (location: Location, ctx: Context) => Promise<ImageSource>;
}

/** An image to rebase, and what its index says of it. */
interface AppEntry {
  readonly image: Image;
  readonly entry?: Descriptor;
}

/** What is to be rebased: one image, or all of an index. */
export interface AppImages {
  readonly location: Location;
  readonly entries: readonly AppEntry[];
  /** Set when the whole index is rebased. */
  readonly index?: ImageIndex;
  /** Entries of the index that speak of a manifest that will be another one: provenance, SBOMs. */
  readonly attestations: number;
}

/**
 * The image to rebase: every platform of an index, or the one for `target`. Throws what `ImageFinder.find` throws, and
 * `PLATFORM_NOT_FOUND` for an index without images.
 */
export async function findApp(
  location: Location,
  images: RebaseImages,
  ctx: Context,
  options: { readonly target?: Platform | undefined } = {},
): Promise<AppImages> {
  const { target } = options;
  const subject = `app image ${displayLocation(location)}`;
  const source = await images.openSource(location, ctx);
  const { raw, decoded } = await readManifest(source, targetOf(location), subject, ctx);
  if (decoded.kind === 'manifest' || target !== undefined)
    return { location, entries: [{ image: await findOne(location, images, ctx, target) }], attestations: 0 };
  const offers = await listOffers(source, { raw, index: decoded }, subject, ctx);
  // An index without images has the error of a name that offers no platform.
  if (offers.length === 0)
    return { location, entries: [{ image: await findOne(location, images, ctx, target) }], attestations: 0 };
  const entries: AppEntry[] = [];
  for (const { descriptor, platform } of offers) {
    const image = await images.find(locationAtDigest(location, descriptor.digest), 'app image', ctx);
    entries.push({ image, entry: { ...descriptor, platform } });
  }
  return { location, entries, index: decoded, attestations: decoded.manifests.filter(isAttestation).length };
}

function findOne(location: Location, images: ImageFinder, ctx: Context, target: Platform | undefined): Promise<Image> {
  return images.find(location, 'app image', ctx, target === undefined ? {} : { target });
}
