import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { messageOf, SlipwayError } from '../core/errors.ts';

const SHELL = '/bin/sh';
/** Ignored by Node; what is handled when a program is replaced is the default again in the next one. */
const IGNORED_BY_NODE = ['SIGPIPE', 'SIGXFSZ'] as const;
const FORWARDED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGCONT', 'SIGWINCH'] as const;
/** A terminal sends these to every process of its foreground group: the child has them already. */
const FROM_TERMINALS: readonly string[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH'];
/** A failed `execve` ends Node, so what might be too much for it goes the other way, where a failure can be told. */
const SAFE_BYTES = 1_000_000;

/**
 * Runs `/bin/sh` with these arguments in this process's environment, with its standard streams. Where Node can (from 23.11 on) the
 * process is replaced and nothing returns; else signals are handed on, and the shell's exit code is returned or its signal taken.
 */
export function becomeShell(argv: readonly [string, ...(readonly string[])]): Promise<number> {
  const execve: unknown = Reflect.get(process, 'execve');
  if (typeof execve === 'function' && sizeOf(argv) < SAFE_BYTES) {
    for (const signal of IGNORED_BY_NODE) process.on(signal, () => undefined);
    Reflect.apply(execve, process, [SHELL, argv, process.env]);
  }
  return runShell(argv);
}

function runShell([argv0, ...args]: readonly [string, ...(readonly string[])]): Promise<number> {
  const hasTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor));
  const child = spawn(SHELL, args, { argv0, stdio: 'inherit' });
  for (const signal of FORWARDED)
    process.on(signal, () => {
      if (!hasTerminal || !FROM_TERMINALS.includes(signal)) child.kill(signal);
    });
  return new Promise((done, fail) => {
    child.once('error', (error) => {
      fail(new SlipwayError('LAUNCHER_UNUSABLE', `failed to launch: ${messageOf(error)}`, { cause: error, exit: 82 }));
    });
    child.once('exit', (code, signal) => {
      if (signal === null) done(code ?? 1);
      else void dieBy(signal).then(done);
    });
  });
}

/** Ends as the child did. A process 1 cannot be ended by a signal of its own: there it is the exit code that a shell would give. */
function dieBy(signal: NodeJS.Signals): Promise<number> {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  return new Promise((done) => setTimeout(done, 100, 128 + constants.signals[signal]));
}

function sizeOf(argv: readonly string[]): number {
  const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`);
  return [...argv, ...environment].reduce((sum, text) => sum + Buffer.byteLength(text) + 9, 0);
}
