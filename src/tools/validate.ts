import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Locator } from '../locate/locator.ts';
import { displayLocation, type Location } from '../oci/location.ts';
import { canList } from '../ports/store.ts';
import { targetOf } from '../store/select.ts';
import { validateStore, type Problem } from '../store/validate.ts';
import { pinnedSource } from './pinned-source.ts';

export interface ValidateOptions {
  /** Every tag of a repository, every entry of a layout or archive. Default: only what the location names, if it names something. */
  readonly allTags?: boolean;
}

/**
 * Reads all that an image, or a whole layout or archive, consists of: digests, sizes, diffIDs, counts. Returns what is wrong, [] when
 * nothing is. Throws when there is nothing of that name.
 */
export async function validateImages(
  location: Location,
  stores: Locator,
  ctx: Context,
  options: ValidateOptions = {},
): Promise<readonly Problem[]> {
  const source = await stores.openSource(location, ctx);
  const target = targetOf(location);
  if (target === undefined || options.allTags === true) {
    if (canList(source)) return validateStore(source, ctx);
    throw new SlipwayError('NOT_SUPPORTED', `${displayLocation(location)} cannot list its images`);
  }
  const raw = await source.resolve(target, ctx);
  const pinned = pinnedSource(source, target, raw);
  const list = { name: displayLocation(location), descriptor: raw.descriptor };
  return validateStore({ ...pinned, list: () => Promise.resolve([list]) }, ctx);
}
