import type { Location } from '../../oci/location.ts';
import type { Analyzed } from '../analyzed.ts';

/** analyzed.toml (contract §5.5). `parse` makes a location of `reference`; an empty reference is an absent image. */
export function decodeAnalyzed(
  _bytes: Uint8Array | string,
  _file: string,
  _parse: (text: string) => Location,
): Analyzed {
  throw new Error('not yet');
}

export function encodeAnalyzed(_analyzed: Analyzed, _format: (location: Location) => string): string {
  throw new Error('not yet');
}
