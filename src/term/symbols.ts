import type { Terminal } from './terminal.ts';

/** Signs and colours; colour carries no meaning alone. */
export interface Symbols {
  readonly arrow: string;
  readonly bar: string;
  readonly full: string;
  readonly empty: string;
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

export function symbolsOf(terminal: Pick<Terminal, 'color' | 'unicode'>): Symbols {
  const paint = (code: string) => (text: string) => (terminal.color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const signs = terminal.unicode
    ? { arrow: '→', bar: '│', full: '█', empty: '░' }
    : { arrow: '->', bar: '|', full: '#', empty: '.' };
  return { ...signs, error: paint('31;1'), warning: paint('33;1'), strong: paint('1'), faint: paint('2') };
}
