import { SlipwayError } from '../core/errors.ts';

/** One element of a pattern. Text is latin-1 of the UTF-8 pattern for literals; classes and `?` work on characters. */
type Token =
  | { readonly kind: 'literal'; readonly char: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'star' }
  | { readonly kind: 'class'; readonly isNegated: boolean; readonly ranges: readonly (readonly [string, string])[] };

/** True when a whole path matches. */
export type Glob = (path: string) => boolean;

/**
 * Go's `filepath.Match`: `*` and `?` do not cross `/`, classes `[a-z]` and `[^x]`, `\` takes the next character as it is. Unlike Go,
 * a bad pattern is an error even if no path gets as far as its bad part: `BUILDPACK_INVALID`, naming it.
 */
export function parseGlob(pattern: string): Glob {
  const tokens = tokensOf(pattern);
  return (path) => matches(tokens, Array.from(path));
}

function tokensOf(pattern: string): readonly Token[] {
  const chars = Array.from(pattern);
  const tokens: Token[] = [];
  let at = 0;
  const bad = (): SlipwayError =>
    new SlipwayError('BUILDPACK_INVALID', `"${pattern}" is not a valid slice path: syntax error in pattern`, {
      hint: 'close every [ with a ], and write something after a \\',
    });
  /** A character of a class, which may be escaped. */
  const classChar = (): string => {
    const char = chars[at];
    if (char === undefined || char === '-' || char === ']') throw bad();
    at += 1;
    if (char !== '\\') return char;
    const escaped = chars[at];
    if (escaped === undefined) throw bad();
    at += 1;
    return escaped;
  };
  while (at < chars.length) {
    const char = chars[at] ?? '';
    at += 1;
    if (char === '*') {
      if (tokens.at(-1)?.kind !== 'star') tokens.push({ kind: 'star' });
    } else if (char === '?') {
      tokens.push({ kind: 'any' });
    } else if (char === '\\') {
      const escaped = chars[at];
      if (escaped === undefined) throw bad();
      tokens.push({ kind: 'literal', char: escaped });
      at += 1;
    } else if (char === '[') {
      const isNegated = chars[at] === '^';
      if (isNegated) at += 1;
      const ranges: (readonly [string, string])[] = [];
      do {
        const low = classChar();
        if (chars[at] === '-') {
          at += 1;
          ranges.push([low, classChar()]);
        } else ranges.push([low, low]);
        if (at >= chars.length) throw bad();
      } while (chars[at] !== ']');
      at += 1;
      tokens.push({ kind: 'class', isNegated, ranges });
    } else tokens.push({ kind: 'literal', char });
  }
  return tokens;
}

/** Goes back only to the last star: time is pattern × path at worst. */
function matches(tokens: readonly Token[], path: readonly string[]): boolean {
  let token = 0;
  let at = 0;
  let retry: { readonly token: number; at: number } | undefined;
  while (at < path.length || token < tokens.length) {
    const current = tokens[token];
    if (current?.kind === 'star') {
      retry = { token, at };
      token += 1;
      continue;
    }
    const char = path[at];
    if (current !== undefined && char !== undefined && matchesOne(current, char)) {
      token += 1;
      at += 1;
      continue;
    }
    // A star cannot take a slash, so a match cannot begin behind one.
    if (retry === undefined || path[retry.at] === undefined || path[retry.at] === '/') return false;
    retry.at += 1;
    token = retry.token + 1;
    at = retry.at;
  }
  return true;
}

function matchesOne(token: Token, char: string): boolean {
  switch (token.kind) {
    case 'literal':
      return token.char === char;
    case 'any':
      return char !== '/';
    case 'class': {
      const code = char.codePointAt(0) ?? 0;
      const isIn = token.ranges.some(
        ([low, high]) => (low.codePointAt(0) ?? 0) <= code && code <= (high.codePointAt(0) ?? 0),
      );
      return isIn !== token.isNegated;
    }
    case 'star':
      return false;
  }
}
