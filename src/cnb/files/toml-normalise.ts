import { markScalar, STRING_MARK } from './toml-scalar.ts';
import type { TomlSource } from './toml-source.ts';
import { TomlTables } from './toml-tables.ts';

/** Put in front of every key, so that `constructor` or `__proto__` cannot meet JavaScript's own. */
export const KEY_MARK = 'k' as const;

/** Tables, lists and dotted keys within each other. */
const MAX_DEPTH = 128;

export interface NormalisedToml {
  /** What the TOML package is given: keys, strings, numbers and dates marked. */
  readonly text: string;
  /** The index in the source that an index in `text` comes from. */
  readonly sourceIndex: (index: number) => number;
}

/**
 * The lexer in front of the TOML package (design §5): marks every key and scalar, refuses malformed numbers and dates, deep nesting
 * and tables defined twice, and drops the CR of CRLF outside strings. Whatever else is wrong is copied as it stands, for the package to
 * refuse. Every CR of the source is followed by LF.
 */
export function normaliseToml(source: TomlSource): NormalisedToml {
  return new Lexer(source).run();
}

class Lexer {
  readonly #source: TomlSource;
  readonly #text: string;
  readonly #tables = new TomlTables();
  readonly #out: string[] = [];
  #outLength = 0;
  #at = 0;
  /** Pairs of (index in the output, index in the source) from which both run alike. */
  readonly #anchors: (readonly [number, number])[] = [];

  constructor(source: TomlSource) {
    this.#source = source;
    this.#text = source.text;
  }

  run(): NormalisedToml {
    let sectionDepth = 0;
    for (;;) {
      this.#copyBlank();
      if (this.#at >= this.#text.length) break;
      if (this.#peek() === '[') sectionDepth = this.#header();
      else this.#keyValue(sectionDepth, (path) => this.#tables.key(path));
      this.#copyMatch(/[^\n]*/y);
    }
    return { text: this.#out.join(''), sourceIndex: (index) => this.#sourceIndex(index) };
  }

  #header(): number {
    const start = this.#at;
    const kind = this.#copyMatch(/\[\[?/y) === '[[' ? 'list' : 'table';
    const path = this.#keyPath(0);
    const reason = this.#tables.header(path, kind);
    if (reason !== undefined) throw this.#source.error(start, reason);
    return path.length;
  }

  #keyValue(depth: number, check: (path: readonly string[]) => string | undefined): void {
    const start = this.#at;
    const path = this.#keyPath(depth);
    if (path.length === 0 || this.#peek() !== '=') return;
    const reason = check(path);
    if (reason !== undefined) throw this.#source.error(start, reason);
    this.#copy(1);
    this.#copyMatch(/[ \t]*/y);
    this.#value(depth + path.length);
  }

  #keyPath(depth: number): readonly string[] {
    const path: string[] = [];
    for (;;) {
      this.#copyMatch(/[ \t]*/y);
      const part = this.#keyPart();
      if (part === undefined) return path;
      path.push(part);
      this.#checkDepth(depth + path.length);
      this.#copyMatch(/[ \t]*/y);
      if (this.#peek() !== '.') return path;
      this.#copy(1);
    }
  }

  #keyPart(): string | undefined {
    const quote = this.#peek();
    if (quote === '"' || quote === "'") {
      const start = this.#at + 1;
      this.#copy(1);
      this.#insert(KEY_MARK);
      this.#copyTo(this.#stringEnd(quote, this.#at));
      const raw = this.#text.slice(start, this.#at - 1);
      return quote === '"' ? unescape(raw) : raw;
    }
    const bare = this.#match(/[A-Za-z0-9_-]+/y);
    if (bare === undefined) return undefined;
    this.#insert(KEY_MARK);
    this.#copy(bare.length);
    return bare;
  }

  #value(depth: number): void {
    this.#checkDepth(depth);
    const first = this.#peek();
    if (first === '"' || first === "'") this.#string();
    else if (first === '[') this.#list(depth);
    else if (first === '{') this.#inlineTable(depth);
    else this.#scalar();
  }

  #string(): void {
    const opening = this.#match(/(?:"""|''')(?:\r?\n)?|["']/y) ?? '"';
    const quote = opening.trimEnd();
    this.#copy(opening.length);
    this.#insert(STRING_MARK);
    this.#copyString(this.#stringEnd(quote, this.#at));
  }

  /** The index behind the closing quotes; the end of the line or text when there are none. */
  #stringEnd(quote: string, from: number): number {
    const isMultiline = quote.length === 3;
    const stops = isMultiline ? (quote === '"""' ? /\\|"""/g : /'''/g) : quote === '"' ? /["\\\n]/g : /['\n]/g;
    stops.lastIndex = from;
    for (;;) {
      const found = stops.exec(this.#text);
      if (found === null) return this.#text.length;
      if (found[0] === '\\') stops.lastIndex = found.index + 2;
      else if (found[0] === '\n') return found.index;
      else return this.#moreQuotes(found.index + quote.length, quote);
    }
  }

  /** A multi-line string may end with one or two quotes of its own before the closing three. */
  #moreQuotes(end: number, quote: string): number {
    if (quote.length === 1) return end;
    let at = end;
    while (at < end + 2 && this.#text[at] === quote[0]) at += 1;
    return at;
  }

  #list(depth: number): void {
    this.#copy(1);
    for (;;) {
      this.#copyBlank();
      if (this.#peek() !== ']') this.#value(depth + 1);
      this.#copyBlank();
      const next = this.#peek();
      if (next === ',' || next === ']') this.#copy(1);
      if (next !== ',') return;
    }
  }

  #inlineTable(depth: number): void {
    this.#copy(1);
    for (;;) {
      this.#copyMatch(/[ \t]*/y);
      if (this.#peek() !== '}') this.#keyValue(depth, () => undefined);
      this.#copyMatch(/[ \t]*/y);
      const next = this.#peek();
      if (next === ',' || next === '}') this.#copy(1);
      if (next !== ',') return;
    }
  }

  #scalar(): void {
    const token = this.#match(/\d{4}-\d\d-\d\d \d[^\s,\]}#]*/y) ?? this.#match(/[^\s,[\]{}#"'=]+/y);
    if (token === undefined) return;
    if (token === 'true' || token === 'false') {
      this.#copy(token.length);
      return;
    }
    const marked = markScalar(token);
    if ('reason' in marked) throw this.#source.error(this.#at, marked.reason);
    this.#at += token.length;
    this.#insert(`"${marked.marked}"`);
  }

  /** Spaces, newlines and comments. */
  #copyBlank(): void {
    for (;;) {
      this.#copyMatch(/[ \t\r\n]*/y);
      if (this.#peek() !== '#') return;
      this.#copyMatch(/[^\n]*/y);
    }
  }

  #checkDepth(depth: number): void {
    if (depth > MAX_DEPTH) throw this.#source.error(this.#at, `nested deeper than ${String(MAX_DEPTH)} levels`);
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0];
  }

  #copyMatch(pattern: RegExp): string {
    const found = this.#match(pattern) ?? '';
    this.#copy(found.length);
    return found;
  }

  #copy(length: number): void {
    this.#copyTo(this.#at + length);
  }

  #copyTo(end: number): void {
    const piece = this.#text.slice(this.#at, end);
    this.#at += piece.length;
    const kept = piece.replaceAll('\r', '');
    this.#push(kept);
    if (kept.length < piece.length) this.#anchors.push([this.#outLength, this.#at]);
  }

  /** The inside of a string keeps its CRLF, as in Go. */
  #copyString(end: number): void {
    const piece = this.#text.slice(this.#at, end);
    this.#at += piece.length;
    this.#push(piece);
  }

  #push(piece: string): void {
    if (piece === '') return;
    this.#out.push(piece);
    this.#outLength += piece.length;
  }

  #insert(text: string): void {
    this.#push(text);
    this.#anchors.push([this.#outLength, this.#at]);
  }

  #sourceIndex(index: number): number {
    let low = 0;
    let high = this.#anchors.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#anchors[middle]?.[0] ?? Infinity) <= index) low = middle + 1;
      else high = middle;
    }
    const [out, at] = this.#anchors[low - 1] ?? [0, 0];
    return at + index - out;
  }
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r' };

/** The text of a basic string, for comparing keys; malformed escapes stay and are refused later. */
function unescape(raw: string): string {
  return raw.replace(
    /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.))/g,
    (whole, small?: string, large?: string, one?: string) => {
      if (one !== undefined) return SHORT_ESCAPES[one] ?? one;
      const code = Number.parseInt(small ?? large ?? '', 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
