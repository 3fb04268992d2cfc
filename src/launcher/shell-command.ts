/** Linux allows 128 KiB for one argument; a character takes up to four bytes. */
const CHUNK_LENGTH = 30_000;

/**
 * Arguments that make `/bin/sh` run a program held in memory, so that nothing has to be written anywhere: `program` with `$0` and the
 * positional parameters as given. A program that is too long for one argument goes in pieces.
 */
export function shellCommand(
  program: string,
  argv0: string,
  args: readonly string[],
): readonly [string, ...(readonly string[])] {
  const chunks = chunksOf(program);
  if (chunks.length === 1) return ['sh', '-c', program, argv0, ...args];
  const pieces = chunks.map((_, index) => `\${${String(index + 1)}}`).join('');
  const start = `cnb__text=${pieces}; shift ${String(chunks.length)}; eval "$cnb__text"`;
  return ['sh', '-c', start, argv0, ...chunks, ...args];
}

/** Whole characters: half of a pair would not survive as UTF-8. */
function chunksOf(text: string): readonly string[] {
  const chunks: string[] = [];
  for (let from = 0; from < text.length;) {
    const last = text.charCodeAt(from + CHUNK_LENGTH - 1);
    const length = last >= 0xd800 && last < 0xdc00 ? CHUNK_LENGTH - 1 : CHUNK_LENGTH;
    chunks.push(text.slice(from, from + length));
    from += length;
  }
  return chunks;
}
