/**
 * JSON exactly as Go's encoding/json writes it (contract §6): compact, `< > &` and U+2028/9 escaped, other control characters as
 * lower-case `\u00xx`, 0x7f raw, lone surrogates as U+FFFD, BigInt with all digits. Keys stay in insertion order: pass maps
 * through `sortKeysDeep` first.
 * `undefined` members are left out.
 */
export function goJson(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  switch (typeof value) {
    case 'string':
      return goString(value);
    case 'number':
      return goNumber(value);
    case 'bigint':
      return value.toString();
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return goCompound(value);
    case 'undefined':
    case 'symbol':
    case 'function':
    default:
      throw new TypeError(`a ${typeof value} cannot be written as JSON`);
  }
}

function goCompound(value: object): string {
  if (Array.isArray(value)) return `[${value.map((item: unknown) => goJson(item)).join(',')}]`;
  const members: string[] = [];
  const entries: Iterable<[string, unknown]> = value instanceof Map ? value.entries() : Object.entries(value);
  for (const [key, member] of entries) {
    if (member !== undefined) members.push(`${goString(key)}:${goJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

/** Go prints floats like JavaScript but for exponents: at least two digits below 1e-6 become `1e-07` → Go cleans to `1e-7`. */
function goNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError('NaN and Infinity cannot be written as JSON');
  return Object.is(value, -0) ? '-0' : String(value);
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

function goString(text: string): string {
  const wellFormed = text.replace(/[\ud800-\udfff]/gu, '\ufffd');
  return `"${wellFormed.replace(/["\\<>&\u2028\u2029\p{Cc}]/gu, escapeChar)}"`;
}

function escapeChar(char: string): string {
  const code = char.charCodeAt(0);
  if (code >= 0x7f && code < 0x2028) return char;
  return SHORT[char] ?? `\\u${code.toString(16).padStart(4, '0')}`;
}

/**
 * Any JSON-like data with the keys of every object in byte order, as Go writes maps. Objects become `Map`s, because a plain object
 * would move integer-like keys to the front.
 */
export function sortKeysDeep(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeysDeep);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return sortedEntries(value);
}

/** A map of the object's members (themselves sorted deep) in byte order of the keys. */
function sortedEntries(value: object): ReadonlyMap<string, unknown> {
  const entries: [string, unknown][] = Object.entries(value).map(([key, member]) => [key, sortKeysDeep(member)]);
  return new Map(entries.sort(([a], [b]) => compareBytes(a, b)));
}

/** Order of two texts by their UTF-8 bytes, as Go sorts strings. */
export function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
