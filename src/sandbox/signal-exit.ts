import type { SandboxExit } from './sandbox.ts';

/**
 * What the exit code of a first process or of a runtime says about the command behind it: a signal comes through as 128 + its number
 * (sandbox.md §3). A command that itself exits with such a code cannot be told from a killed one.
 */
export function exitOfCode(code: number): SandboxExit {
  const signal = SIGNALS.get(code - 128);
  return signal === undefined ? { kind: 'exited', code } : { kind: 'signalled', signal };
}

const SIGNALS: ReadonlyMap<number, string> = new Map([
  [4, 'SIGILL'],
  [6, 'SIGABRT'],
  [7, 'SIGBUS'],
  [8, 'SIGFPE'],
  [9, 'SIGKILL'],
  [11, 'SIGSEGV'],
  [15, 'SIGTERM'],
  [25, 'SIGXFSZ'],
]);
