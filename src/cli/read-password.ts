import { once } from 'node:events';
import { collect } from '../core/bytes.ts';
import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Terminal } from '../term/terminal.ts';

const MAX_BYTES = 64 * 1024;

/** All of standard input, without the end of its last line. */
export async function readPasswordInput(ctx: Context): Promise<string> {
  if (process.stdin.isTTY)
    throw new SlipwayError('ARGUMENT_INVALID', '--password-stdin was given and standard input is a terminal', {
      hint: 'leave it out to be asked, or pipe the password: … | slipway login …',
    });
  const stop = (): void => void process.stdin.destroy();
  ctx.signal.addEventListener('abort', stop, { once: true });
  try {
    const bytes = await collect(process.stdin, MAX_BYTES, 'the password on standard input');
    return bytes.toString('utf8').replace(/\r?\n$/, '');
  } finally {
    ctx.signal.removeEventListener('abort', stop);
  }
}

/** Asks on the terminal and shows nothing of what is typed. Undefined when there is no terminal. */
export async function askPassword(terminal: Terminal, ctx: Context): Promise<string | undefined> {
  const { stdin } = process;
  if (!stdin.isTTY) return undefined;
  terminal.err('password: ');
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  try {
    let typed = '';
    for (;;) {
      const data: readonly unknown[] = await once(stdin, 'data', { signal: ctx.signal });
      for (const character of String(data[0])) {
        if (character === '\r' || character === '\n') return typed;
        if (character === '\u0003' || character === '\u0004')
          throw new SlipwayError('INTERRUPTED', 'stopped: no password was given', { exit: 130 });
        typed = character === '\u007f' || character === '\b' ? typed.slice(0, -1) : typed + character;
      }
    }
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    terminal.err('\n');
  }
}
