import type { Context } from '../core/context.ts';
import { retold, SlipwayError } from '../core/errors.ts';
import type { Locator } from '../locate/locator.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import { displayLocation, type Location } from '../oci/location.ts';
import { canDelete, type Deleter } from '../ports/store.ts';
import { targetOf } from '../store/select.ts';

export interface RemoveOptions {
  /** Looks everything up and removes nothing. */
  readonly isDryRun?: boolean;
}

export interface RemovedImage {
  readonly location: Location;
  /** `tag`: the name only, its manifest may stay. `manifest`: the manifest of a digest, with all its names. */
  readonly kind: 'tag' | 'manifest';
  /** What it leads or led to. */
  readonly digest: Digest;
}

/**
 * Removes tags and manifests of registries, and entries of layouts, whose blobs stay. Only what the location says is asked for: a tag
 * that the registry does not remove alone is an error, never the removal of its manifest. All are looked up before the first goes.
 * Throws `IMAGE_NOT_FOUND`, `ARGUMENT_INVALID`, `NOT_SUPPORTED`.
 */
export async function removeImages(
  locations: readonly Location[],
  stores: Locator,
  ctx: Context,
  options: RemoveOptions = {},
): Promise<readonly RemovedImage[]> {
  const found: Wanted[] = [];
  for (const location of locations) found.push(await lookUp(location, stores, ctx));
  const removed: RemovedImage[] = [];
  for (const { store, target, image } of found) {
    try {
      if (options.isDryRun !== true) await store.delete(target, ctx);
    } catch (error) {
      if (!(error instanceof SlipwayError)) throw error;
      throw retold(error, { details: { ...leadsTo(image), ...soFar(removed) } });
    }
    removed.push(image);
  }
  return removed;
}

interface Wanted {
  readonly store: Deleter;
  readonly target: string | Digest;
  readonly image: RemovedImage;
}

async function lookUp(location: Location, stores: Locator, ctx: Context): Promise<Wanted> {
  const shown = displayLocation(location);
  const hasBoth =
    location.kind === 'registry'
      ? location.reference.tag !== undefined && location.reference.digest !== undefined
      : location.kind !== 'docker-daemon' && location.ref !== undefined && location.digest !== undefined;
  if (hasBoth)
    throw new SlipwayError('ARGUMENT_INVALID', `${shown} names both a tag and a digest`, {
      hint: 'write the tag alone to remove that name, the digest alone to remove the manifest with all its names',
    });
  const target = targetOf(location);
  if (target === undefined)
    throw new SlipwayError('ARGUMENT_INVALID', `${shown} does not say which image to remove`, {
      hint: 'add :NAME or @DIGEST',
    });
  const source = await stores.openSource(location, ctx);
  if (!canDelete(source))
    throw new SlipwayError('NOT_SUPPORTED', `nothing can be removed from ${source.description}`, {
      hint: 'an archive is only written as a whole: copy what is to stay into another one',
    });
  const { digest } = (await source.resolve(target, ctx)).descriptor;
  return { store: source, target, image: { location, kind: isDigest(target) ? 'manifest' : 'tag', digest } };
}

function leadsTo(image: RemovedImage): Readonly<Record<string, string>> {
  return image.kind === 'manifest' ? {} : { 'the tag leads to': image.digest };
}

function soFar(removed: readonly RemovedImage[]): Readonly<Record<string, string>> {
  if (removed.length === 0) return {};
  return { 'removed before': removed.map(({ location }) => displayLocation(location)).join(', ') };
}
