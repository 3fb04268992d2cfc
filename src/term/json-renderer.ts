import type { Clock } from '../core/clock.ts';
import { describeError } from './error-text.ts';
import type { Renderer } from './renderer.ts';

/** One event a line: `{"v":1,"type":…,"time":…,…}` (docs/reference/events.md). The error that ends the command is the event `error`. */
export function createJsonRenderer(write: (text: string) => void, clock: Clock): Renderer {
  const print = (event: Readonly<Record<string, unknown>>): void => {
    const { type, ...fields } = event;
    write(`${JSON.stringify({ v: 1, type, time: clock.now().toISOString(), ...fields })}\n`);
  };
  return {
    emit: print,
    fail: ({ error, exitCode }) => {
      const { code, message, details, action } = describeError(error, 'slipway');
      print({
        type: 'error',
        code,
        message,
        ...(action === undefined ? {} : { hint: action }),
        details,
        exitCode,
      });
    },
    tick: () => undefined,
    close: () => undefined,
  };
}
