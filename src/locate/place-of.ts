import { resolve } from 'node:path';
import { displayLocation, type Location } from '../oci/location.ts';

/** Where an image goes, however it is spelled: `a.tar` and `./a.tar` are one file. An archive is one place, whatever is in it. */
export function placeOf(location: Location): string {
  if ('file' in location) return location.file === '-' ? '-' : resolve(location.file);
  return displayLocation(location.kind === 'oci' ? { ...location, dir: resolve(location.dir) } : location);
}
