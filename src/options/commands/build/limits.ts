import { parseDuration, parseSize } from '../../amounts.ts';
import { option, type CommandOption } from '../../command-spec.ts';
import type { CommandValues } from '../../command-values.ts';

/** What each command of a buildpack may use. */
export const BUILD_LIMITS: readonly CommandOption[] = [
  option('time-limit', 'string', 'Limits of each command of a buildpack', 'its time: 90s, 30m', {
    value: 'DURATION',
    env: 'SLIPWAY_TIME_LIMIT',
  }),
  option('memory', 'string', 'Limits of each command of a buildpack', 'its memory: 512MB, 2GiB', {
    value: 'SIZE',
    env: 'SLIPWAY_MEMORY',
  }),
  option('pids-limit', 'string', 'Limits of each command of a buildpack', 'its processes and threads at one time', {
    value: 'NUMBER',
    env: 'SLIPWAY_PIDS_LIMIT',
  }),
  option('disk', 'string', 'Limits of each command of a buildpack', 'what it may write, and its private /tmp', {
    value: 'SIZE',
    env: 'SLIPWAY_DISK',
  }),
];

/** The limits as numbers; what was not asked for is absent. Throws `ARGUMENT_INVALID` naming the flag. */
export function readLimits(values: CommandValues): BuildLimits {
  const time = values.text('time-limit');
  const memory = values.text('memory');
  const processes = values.number('pids-limit');
  const disk = values.text('disk');
  return {
    ...(time === undefined ? {} : { timeMs: parseDuration(time, 'time-limit') }),
    ...(memory === undefined ? {} : { memoryBytes: parseSize(memory, 'memory') }),
    ...(processes === undefined ? {} : { processes }),
    ...(disk === undefined ? {} : { diskBytes: parseSize(disk, 'disk') }),
  };
}

export interface BuildLimits {
  readonly timeMs?: number;
  readonly memoryBytes?: number;
  readonly processes?: number;
  readonly diskBytes?: number;
}
