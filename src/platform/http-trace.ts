import { appendFileSync } from 'node:fs';
import { messageOf, SlipwayError } from '../core/errors.ts';
import type { Machine } from './machine.ts';

/** Where a trace of HTTP goes: a file, which grows, or `-`, standard error. Written at once, so that a crash loses nothing. */
export function openTrace(place: string, machine: Machine): (text: string) => void {
  if (place !== '-') {
    const append = (text: string): void => {
      try {
        appendFileSync(place, text, { mode: 0o600 });
      } catch (error) {
        throw new SlipwayError('WRITE_FAILED', `cannot write the trace ${place}: ${messageOf(error)}`, {
          cause: error,
        });
      }
    };
    append('');
    return append;
  }
  const { writeError } = machine;
  if (writeError === undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'there is no standard error to write a trace to');
  return writeError;
}
