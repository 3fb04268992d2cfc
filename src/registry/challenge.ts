/** One challenge of a `WWW-Authenticate` header (RFC 9110 §11.3). */
export interface Challenge {
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const VALUE = /\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/y;

/** The challenges of a header value, in order; what cannot be read is left out. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;
  while (at < header.length) {
    const name = matchAt(TOKEN, header, at);
    if (name === undefined) {
      at += 1;
      continue;
    }
    const value = matchAt(VALUE, header, at + name[0].length);
    const current = challenges.at(-1);
    if (value === undefined) {
      challenges.push({ scheme: name[0].toLowerCase(), parameters: {} });
      at += name[0].length;
    } else {
      if (current !== undefined)
        current.parameters[name[0].toLowerCase()] = value[2] ?? (value[1] ?? '').replace(/\\(.)/g, '$1');
      at += name[0].length + value[0].length;
    }
  }
  return challenges;
}

function matchAt(pattern: RegExp, text: string, index: number): RegExpExecArray | undefined {
  pattern.lastIndex = index;
  return pattern.exec(text) ?? undefined;
}
