/** One member of a JSON object: its key, and its value as the text that stands there. */
export interface JsonMember {
  readonly key: string;
  readonly value: string;
}

/**
 * The members of a JSON object's text in their order, values untouched: numbers keep their digits and keys their order, which
 * `JSON.parse` would not promise. Undefined when the text is no JSON object.
 */
export function jsonMembers(text: string): readonly JsonMember[] | undefined {
  if (!isObjectText(text)) return undefined;
  const members: JsonMember[] = [];
  let at = text.indexOf('{') + 1;
  for (;;) {
    at = skipSpace(text, at);
    if (text[at] === '}') return members;
    if (text[at] === ',') at = skipSpace(text, at + 1);
    const keyEnd = endOfString(text, at);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = endOfValue(text, start);
    members.push({ key: String(JSON.parse(text.slice(at, keyEnd))), value: text.slice(start, end).trimEnd() });
    at = end;
  }
}

/**
 * The same object with some members set to other JSON text, or removed (undefined). One that is there keeps its place, a new one goes
 * to the end.
 */
export function withMembers(
  members: readonly JsonMember[],
  changes: readonly (readonly [key: string, value: string | undefined])[],
): string {
  const wanted = new Map(changes);
  const kept = members.map(({ key, value }) => ({ key, value: wanted.has(key) ? wanted.get(key) : value }));
  const added = changes.filter(([key]) => !members.some((member) => member.key === key));
  const all = [...kept, ...added.map(([key, value]) => ({ key, value }))];
  return `{${all.flatMap(({ key, value }) => (value === undefined ? [] : [`${JSON.stringify(key)}:${value}`])).join(',')}}`;
}

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (/^[ \t\r\n]$/.test(text[at] ?? '')) at += 1;
  return at;
}

/** Behind the closing quote of the string that begins here. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** At the comma or brace behind the value that begins here. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const char = text[at] ?? '';
    if (char === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (depth === 0 && (char === ',' || char === '}')) return at;
    if (char === '{' || char === '[') depth += 1;
    if (char === '}' || char === ']') depth -= 1;
    at += 1;
  }
  return at;
}
