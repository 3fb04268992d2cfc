import { existsSync, realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { OWN_ENV } from './own-env.ts';
import { quoted } from './shell-words.ts';

interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * The command behind util-linux's `script`, where it is installed: a pseudo-terminal between this one and the command. So a shell in a
 * process namespace of its own cannot leave this terminal without a foreground group, keys like Ctrl-C are its alone, the modes of the
 * terminal come back at the end, and nothing in there can type into the terminal of who looks on (TIOCSTI).
 */
export function onTerminal({ command, args }: Command): Command {
  const script = PROGRAMS.find(isUsable);
  if (script === undefined) return { command, args };
  return { command: script, args: ['-q', '-e', '-c', [command, ...args].map(quoted).join(' '), '/dev/null'] };
}

const PROGRAMS: readonly string[] = OWN_ENV.PATH.split(':').map((directory) => `${directory}/script`);

/** busybox has one that keeps the exit code to itself. */
function isUsable(path: string): boolean {
  return existsSync(path) && basename(realpathSync(path)) !== 'busybox';
}
