import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { finished, NODE, type ProgramOptions, type ProgramResult } from './program.ts';

/**
 * Runs a line of sh to its end, for pipes and redirections that are the system's own: `"$@"` is the arguments, the function `slipway`
 * the built program, `lifecycle NAME …` one of the lifecycle's. `status NAME COMMAND…` runs a command and leaves its exit code in the
 * file NAME, since a pipe has its last command's.
 */
export function shell(
  line: string,
  args: readonly string[],
  options: Pick<ProgramOptions, 'cwd' | 'env'> = {},
): Promise<ProgramResult> {
  const functions = [
    'slipway() { "$NODE" "$SLIPWAY" "$@"; }',
    'lifecycle() { name=$1; shift; "$NODE" "$LIFECYCLE/$name" "$@"; }',
    'status() { file=$1; shift; "$@"; echo $? > "$file"; }',
  ];
  const child = spawn('sh', ['-c', [...functions, line].join('\n'), 'sh', ...args], {
    cwd: options.cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      NO_COLOR: '1',
      LC_ALL: 'C.UTF-8',
      CNB_PLATFORM_API: '0.15',
      NODE,
      SLIPWAY: resolve('dist/bin/slipway.js'),
      LIFECYCLE: resolve('bin/lifecycle'),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return finished(child);
}
