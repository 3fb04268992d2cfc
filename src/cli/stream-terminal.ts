import { READER_GONE } from '../ports/standard-streams.ts';
import { wantsColor, wantsUnicode, type Terminal } from '../term/terminal.ts';

/** The terminal where standard output is an archive: whatever is said goes to the error stream. */
export function besideArchive(terminal: Terminal): Terminal {
  return { ...terminal, out: terminal.err };
}

/** From now on a reader that goes away does not end the program at once: a running command stops what it started first. */
export function onReaderGone(task: () => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error');
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') process.exit(1);
      task();
    });
  }
}

/** The process's streams as a terminal. A reader that went away ends the program as a shell expects: 141. */
export function streamTerminal(options: { readonly noColor: boolean }): Terminal {
  const { env, stdout, stderr } = process;
  for (const stream of [stdout, stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? READER_GONE : 1);
    });
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    columns: stderr.isTTY ? stderr.columns : 80,
    color: wantsColor({ env, isTTY: stderr.isTTY, noColor: options.noColor }),
    unicode: wantsUnicode(env),
  };
}
