import { SlipwayError } from '../core/errors.ts';
import { isStandardStream, parseLocation, type Location } from '../oci/location.ts';
import type { NamedLocation } from './names.ts';
import type { OptionValues } from './option-values.ts';

/** Where the build cache is: a folder, an image, or nowhere. */
export interface CacheInputs {
  readonly cacheDir: string | undefined;
  readonly cacheImage: NamedLocation | undefined;
}

/** `-cache-dir` and `-cache-image`. Throws `ARGUMENT_INVALID` (exit 3) for both at once (GAP-38). */
export function readCaches(values: OptionValues): CacheInputs {
  const cacheDir = values.text('cache-dir');
  const cacheImage = readCacheImage(values.text('cache-image'));
  if (cacheDir !== undefined && cacheImage !== undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'supply only one of -cache-image and -cache-dir');
  return { cacheDir, cacheImage };
}

/**
 * The location of a cache image (contract §10.4): the same text is read and written, so a layout or archive without REF means its entry
 * `latest`. `-layout` does not apply to it. Throws `REFERENCE_INVALID` and, for standard input and output, `ARGUMENT_INVALID` (exit 3).
 */
export function readCacheImage(name: string | undefined): NamedLocation | undefined {
  if (name === undefined || name === '') return undefined;
  const location = parseLocation(name);
  if (isStandardStream(location)) {
    throw new SlipwayError('ARGUMENT_INVALID', `a cache image cannot be on standard input and output: ${name}`, {
      hint: 'name a file, a layout or a registry image',
    });
  }
  return { name, location: withEntry(location) };
}

function withEntry(location: Location): Location {
  switch (location.kind) {
    case 'registry':
    case 'docker-daemon':
      return location;
    case 'oci':
    case 'oci-archive':
    case 'docker-archive':
      return location.ref === undefined && location.digest === undefined ? { ...location, ref: 'latest' } : location;
  }
}
