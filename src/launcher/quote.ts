import { SlipwayError } from '../core/errors.ts';

/** One word of POSIX shell text that stands for exactly `text`. Throws `PROCESS_INVALID` for NUL, which no shell can hold. */
export function quoteWord(text: string): string {
  if (text.includes('\0')) {
    throw new SlipwayError('PROCESS_INVALID', `a process, argument or buildpack id has a NUL: ${JSON.stringify(text)}`);
  }
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Words joined by blanks; quoted once more (`quoteWord`), they make a list that `eval "set -- $list"` unfolds. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}
