import { wantsColor, wantsUnicode, type Terminal } from '../term/terminal.ts';

/** The process's streams as a terminal. A reader that went away ends the program as a shell expects: 141. */
export function streamTerminal(options: { readonly noColor: boolean }): Terminal {
  const { env, stdout, stderr } = process;
  for (const stream of [stdout, stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? 141 : 1);
    });
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    columns: stderr.isTTY ? stderr.columns : 80,
    color: wantsColor({ env, isTTY: stderr.isTTY, noColor: options.noColor }),
    unicode: wantsUnicode(env),
  };
}
