import { wantsColor, wantsUnicode, type Terminal } from '../term/terminal.ts';

/**
 * The process's streams as a terminal. A reader that went away is what SIGPIPE means: a running command takes it as a signal, so that
 * what it started ends too; without one the program ends at once, as a shell expects with 141.
 */
export function streamTerminal(options: { readonly noColor: boolean }): Terminal {
  const { env, stdout, stderr } = process;
  for (const stream of [stdout, stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') process.exit(1);
      if (!process.emit('SIGPIPE', 'SIGPIPE')) process.exit(141);
    });
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    columns: stderr.isTTY ? stderr.columns : 80,
    color: wantsColor({ env, isTTY: stderr.isTTY, noColor: options.noColor }),
    unicode: wantsUnicode(env),
  };
}
