import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Locator } from '../locate/locator.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { displayLocation, type Location } from '../oci/location.ts';
import { canList, canListTags } from '../ports/store.ts';

/** A tag, or an entry of a layout or archive. */
export interface ListedImage {
  /** Undefined for an entry without a name. */
  readonly name: string | undefined;
  /** What the name leads to; absent for tags that were only listed. */
  readonly descriptor?: Descriptor;
}

export interface ListOptions {
  /** Ask a registry what each tag leads to: a request a tag. Local stores know it in any case. */
  readonly withDigests?: boolean;
}

/** The tags of a repository, or the entries of a layout or archive; a tag or name in the location plays no part. Throws `IMAGE_NOT_FOUND`. */
export async function listImages(
  location: Location,
  stores: Locator,
  ctx: Context,
  options: ListOptions = {},
): Promise<readonly ListedImage[]> {
  const source = await stores.openSource(location, ctx);
  if (options.withDigests !== true && canListTags(source)) return (await source.tags(ctx)).map((name) => ({ name }));
  if (canList(source)) return source.list(ctx);
  throw new SlipwayError('NOT_SUPPORTED', `${displayLocation(location)} cannot list its images`);
}
