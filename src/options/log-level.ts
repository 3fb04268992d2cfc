import { SlipwayError } from '../core/errors.ts';
import type { LogLevel } from '../core/events.ts';

/** `-log-level` (contract §1.2): case does not matter; `fatal` shows errors only. Throws `ARGUMENT_INVALID` with exit 1. */
export function parseLogLevel(text: string): LogLevel {
  switch (text.toLowerCase()) {
    case 'debug':
      return 'debug';
    case 'info':
      return 'info';
    case 'warn':
    case 'warning':
      return 'warn';
    case 'error':
    case 'fatal':
      return 'error';
    default:
      throw new SlipwayError('ARGUMENT_INVALID', 'failed to parse log level: invalid level', {
        exit: 1,
        hint: 'levels are debug, info, warn and error',
      });
  }
}
