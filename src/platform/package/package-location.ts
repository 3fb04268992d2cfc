import { SlipwayError } from '../../core/errors.ts';
import { parseLocation, type Location } from '../../oci/location.ts';

/** A location where packages are read or written: `FILE.cnb` is a tar of a layout (distribution spec). */
export function packageLocation(text: string): Location {
  return /^[^:]+\.cnb$/.test(text) ? { kind: 'oci-archive', file: text } : parseLocation(text);
}

/** The same, where something is written. Throws `ARGUMENT_INVALID` for a digest and for an engine. */
export function packageTarget(text: string): Location {
  const location = packageLocation(text);
  if (location.kind === 'registry' ? location.reference.digest === undefined : !isFixed(location)) return location;
  throw new SlipwayError('ARGUMENT_INVALID', `${text} cannot be written to`, {
    exit: 3,
    hint: 'name a registry image, oci:DIR:NAME, oci-archive:FILE or FILE.cnb',
  });
}

/** Nothing can be written to a digest, or to an engine. */
function isFixed(location: Location): boolean {
  return location.kind === 'docker-daemon' || 'digest' in location;
}
