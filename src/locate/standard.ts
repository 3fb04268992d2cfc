import { SlipwayError } from '../core/errors.ts';
import { displayLocation, isStandardStream, type Location } from '../oci/location.ts';
import type { StandardInput, StandardOutput, StandardStreams } from '../ports/standard-streams.ts';

/** Standard input, for the location that asks for it. Throws `ARGUMENT_INVALID` (exit 3) when it is a terminal. */
export function standardInput(location: Location, standard: StandardStreams | undefined): StandardInput {
  return inputCalled(displayLocation(location), standard);
}

/** The same for what is no image; `name` is what the user wrote: `--path -`. */
export function inputCalled(name: string, standard: StandardStreams | undefined): StandardInput {
  if (standard === undefined) throw noStreams(name);
  if (!standard.input.isTerminal()) return standard.input;
  throw new SlipwayError(
    'ARGUMENT_INVALID',
    `${name} is standard input, which is a terminal: it has no archive to read`,
    { exit: 3, hint: 'pipe one in: docker save IMAGE | slipway …, or name a file in the place of -' },
  );
}

/** Standard output, for the location that asks for it. Throws `ARGUMENT_INVALID` (exit 3) when it is a terminal. */
export function standardOutput(location: Location, standard: StandardStreams | undefined): StandardOutput {
  if (standard === undefined) throw noStreams(displayLocation(location));
  if (!standard.output.isTerminal()) return standard.output;
  throw new SlipwayError(
    'ARGUMENT_INVALID',
    `${displayLocation(location)} is standard output, which is a terminal: an archive is not written to it`,
    { exit: 3, hint: 'pipe it on: slipway … | docker load, or redirect it to a file' },
  );
}

/** The images that a command reads, and those it writes. */
export interface StandardUses {
  readonly inputs: readonly (Location | undefined)[];
  /** What else is standard input, as the user wrote it: `--path -`. */
  readonly otherInputs?: readonly string[];
  readonly outputs: readonly Location[];
  /** The outputs are another program's to write, whose standard output is not this one's: the analyzer checks for the exporter. */
  readonly isForLater?: boolean;
}

/**
 * Refuses, before any work, what cannot be had of standard input and output: a terminal, or one stream for two images (design §1.1).
 * Throws `ARGUMENT_INVALID` (exit 3).
 */
export function checkStandardUses(uses: StandardUses, standard: StandardStreams | undefined): void {
  const images = uses.inputs.filter((location) => location !== undefined).filter(isStandardStream);
  const inputs = [...(uses.otherInputs ?? []), ...images.map(displayLocation)];
  const outputs = uses.outputs.filter(isStandardStream);
  refuseSecond('two inputs are standard input', inputs);
  refuseSecond('two outputs are standard output', outputs.map(displayLocation));
  for (const name of inputs) inputCalled(name, standard);
  if (uses.isForLater === true) return;
  for (const location of outputs) standardOutput(location, standard);
}

function refuseSecond(what: string, names: readonly string[]): void {
  if (names.length < 2) return;
  throw new SlipwayError('ARGUMENT_INVALID', `${what}: ${names.join(' and ')}`, {
    exit: 3,
    hint: 'one archive at most can be - : name files for the others',
  });
}

function noStreams(name: string): SlipwayError {
  return new SlipwayError('NOT_SUPPORTED', `${name}: there is no standard input and output here`, {
    hint: 'name a file in the place of -',
  });
}
