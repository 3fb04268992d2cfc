import type { Context } from '../core/context.ts';
import { displayLocation, type Location } from '../oci/location.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { FindOptions, ImageRole } from '../ports/image-finder.ts';
import type { Image } from '../ports/image.ts';
import type { Locator } from './locator.ts';

/**
 * The locator, but a name leads to the same image each time, whatever happens to it meanwhile. What was not found is looked for again.
 * Disposing it does nothing: `locator` is its owner's to dispose.
 */
export function findingOnce(locator: Locator): Locator {
  const found = new Map<string, Image>();
  const find = async (location: Location, role: ImageRole, ctx: Context, options: FindOptions = {}): Promise<Image> => {
    const target = options.target === undefined ? '' : formatPlatform(options.target);
    const key = [displayLocation(location), role, target, String(options.allowEmpty ?? false)].join(' ');
    const image = found.get(key) ?? (await locator.find(location, role, ctx, options));
    found.set(key, image);
    return image;
  };
  return { ...locator, find, [Symbol.asyncDispose]: () => Promise.resolve() };
}
