import { SlipwayError } from '../core/errors.ts';
import type { Program } from './table.ts';

/** How many positional arguments a program takes (contract §2.1). Throws `ARGUMENT_INVALID` with the contract's texts. */
export function checkPositionals(program: Program, positionals: readonly string[]): void {
  const count = positionals.length;
  switch (program) {
    case 'analyzer':
    case 'creator':
      if (count !== 1) throw bad(`received ${String(count)} arguments, but expected 1`);
      return;
    case 'detector':
    case 'builder':
    case 'extender':
      if (count > 0) throw bad('received unexpected arguments');
      return;
    case 'restorer':
      if (count > 0) throw bad('received unexpected Args');
      return;
    case 'exporter':
    case 'rebaser':
      if (count === 0) throw bad('at least one image argument is required');
  }
}

/** One warning for each positional that looks like a flag: Go stops reading flags at the first word (contract §1.2). */
export function flagLikeWarnings(positionals: readonly string[]): readonly string[] {
  return positionals
    .filter((word) => word.startsWith('-') && word.length > 1)
    .map(
      (word) =>
        `Warning: unconsumed flag-like positional arg: \n\t${word}\n\t This will not be interpreted as a flag.\n\t Did you mean to put this before the first positional argument?`,
    );
}

function bad(message: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', message);
}
