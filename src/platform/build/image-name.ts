import { SlipwayError } from '../../core/errors.ts';
import { isStandardStream, parseLocation, type Location } from '../../oci/location.ts';
import { parseReference, repositoryName, type Reference } from '../../oci/reference.ts';
import { placeOf } from '../../locate/place-of.ts';
import type { SinkRequest } from '../sinks.ts';
import type { BuildOptions } from './options.ts';

/**
 * The app is never put over what it is made from: not into the repository of its builder, lifecycle image or a trusted builder, as in pack, and not under
 * the name of its run image. Throws `ARGUMENT_INVALID` (exit 3).
 */
export function checkImageName(options: BuildOptions, outputs: readonly SinkRequest[]): void {
  const { builder, lifecycleImage, runImage, trustedBuilders = [] } = options;
  for (const [role, text] of [
    ['builder', builder],
    ['lifecycle image', lifecycleImage],
    ...trustedBuilders.map((name) => ['trusted builder', name] as const),
  ] as const) {
    if (text !== undefined) for (const name of namesOf(options, outputs)) refuseSame(name, parseLocation(text), role);
  }
  if (runImage === undefined || runImage === 'scratch') return;
  const base = parseLocation(runImage);
  for (const { location, shown } of outputs)
    if (placeOf(location) === placeOf(base) && !isStandardStream(location))
      throw refused(shown, 'run image', 'the image would replace its own run image');
}

/** Places that the image goes to, and its name, which they may carry. */
function namesOf({ image }: BuildOptions, outputs: readonly SinkRequest[]): readonly Named[] {
  return [
    { shown: image, location: { kind: 'registry', reference: parseReference(image) } },
    ...outputs.map(({ location, shown }) => ({ location, shown })),
  ];
}

interface Named {
  readonly shown: string;
  readonly location: Location;
}

function refuseSame({ shown, location }: Named, other: Location, role: string): void {
  if (location.kind === 'registry' && other.kind === 'registry') {
    if (isSameRepository(location.reference, other.reference))
      throw refused(shown, role, `${repositoryName(other.reference)} is the ${role}’s repository`);
  } else if (placeOf(location) === placeOf(other)) {
    throw refused(shown, role, `the image would replace its ${role}`);
  }
}

function isSameRepository(a: Reference, b: Reference): boolean {
  return repositoryName(a) === repositoryName(b);
}

function refused(shown: string, role: string, why: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', `the image cannot be ${shown}: ${why}`, {
    exit: 3,
    hint: `give it a name that is not the ${role}’s`,
  });
}
