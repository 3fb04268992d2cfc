import { spawn } from 'node:child_process';
import { quoted } from '../../src/sandbox/shell-words.ts';
import { findTool } from './peers.ts';
import type { ProgramOptions } from './program.ts';

/** What a person does: waits for a text, then types. */
export interface Typed {
  readonly after: string;
  readonly keys: string;
}

export interface TerminalEnd {
  readonly code: number | null;
  /** All that the terminal showed, keys too. */
  readonly screen: string;
}

/** True where util-linux's `script` can stand in for a terminal. */
export function hasTerminal(): boolean {
  return findTool('script') !== undefined;
}

/** Runs a program on a pseudo-terminal of its own. Keys are typed once what they wait for was shown. */
export function onTerminal(
  argv: readonly string[],
  typed: readonly Typed[],
  options: ProgramOptions = {},
): Promise<TerminalEnd> {
  const child = spawn('script', ['-q', '-e', '-c', argv.map(quoted).join(' '), '/dev/null'], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', LC_ALL: 'C.UTF-8', TERM: 'dumb', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.user ?? {}),
  });
  const left = [...typed];
  let screen = '';
  let from = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString();
    const [next] = left;
    if (next === undefined) return;
    const at = screen.indexOf(next.after, from);
    if (at < 0) return;
    from = at + next.after.length;
    left.shift();
    child.stdin.write(next.keys);
  });
  child.stdin.on('error', () => undefined);
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (code) => done({ code, screen: screen.replaceAll('\r', '') }));
  });
}
