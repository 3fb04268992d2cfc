import { SlipwayError } from '../core/errors.ts';
import { displayLocation, type Location } from '../oci/location.ts';

/** No engine is ever asked: its images come and go as archives. */
export function noDaemon(
  location: Extract<Location, { readonly kind: 'docker-daemon' }>,
  action: 'read' | 'write',
): SlipwayError {
  const hint =
    action === 'write'
      ? `write docker-archive:FILE:${location.ref}, then run: docker load -i FILE`
      : `run: docker save -o FILE ${location.ref}, then name docker-archive:FILE`;
  return new SlipwayError(
    'NOT_SUPPORTED',
    `${displayLocation(location)}: images of a Docker daemon are not supported`,
    {
      hint,
    },
  );
}

/** A digest is what comes of writing, it cannot be asked for. Throws `ARGUMENT_INVALID`. */
export function refuseDigest(location: Location): void {
  const digest =
    location.kind === 'registry'
      ? location.reference.digest
      : location.kind === 'docker-daemon'
        ? undefined
        : location.digest;
  if (digest === undefined) return;
  throw new SlipwayError('ARGUMENT_INVALID', `cannot write to ${displayLocation(location)}: it names a digest`, {
    hint: 'leave @DIGEST out and give a tag or name',
  });
}
