/**
 * Readers for untrusted JSON and TOML data: a value or issues with their path. Unknown keys are ignored, a value of a wrong type
 * is an issue. A reader never throws; `decode` turns issues into the caller's error.
 */
export interface Issue {
  /** Where in the document: `layers[2].digest`. */
  readonly path: string;
  readonly problem: string;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** A plain object: not a list, and not an instance of a class (dates, bytes). */
export function isObject(value: unknown): value is JsonObject {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Reads fields of one object and gathers issues; nested readers share the list. */
export class ObjectReader {
  readonly #fields: JsonObject;
  readonly #path: string;
  readonly issues: Issue[];

  constructor(value: unknown, path = '', issues: Issue[] = []) {
    this.issues = issues;
    this.#path = path;
    if (isObject(value)) {
      this.#fields = value;
    } else {
      this.#fields = {};
      issues.push({ path: path === '' ? '(document)' : path, problem: `expected a table, found ${describe(value)}` });
    }
  }

  /** The raw value of a key. */
  raw(key: string): unknown {
    return Object.hasOwn(this.#fields, key) ? this.#fields[key] : undefined;
  }

  optionalString(key: string): string | undefined {
    return this.#typed(key, 'a string', (value) => typeof value === 'string');
  }

  /** A string that must be there; '' and an issue when it is not. */
  string(key: string): string {
    return this.#required(key, this.optionalString(key), '');
  }

  optionalBoolean(key: string): boolean | undefined {
    return this.#typed(key, 'true or false', (value) => typeof value === 'boolean');
  }

  boolean(key: string): boolean {
    return this.optionalBoolean(key) ?? false;
  }

  /** A whole number of JSON, or an integer of TOML (a bigint there) that a number can hold. */
  optionalSafeInteger(key: string): number | undefined {
    const value = this.raw(key);
    if (typeof value === 'bigint' && BigInt.asIntN(53, value) === value) return Number(value);
    return this.#typed(key, 'a whole number', isSafeInteger);
  }

  safeInteger(key: string): number {
    return this.#required(key, this.optionalSafeInteger(key), 0);
  }

  optionalObject(key: string): JsonObject | undefined {
    return this.#typed(key, 'a table', isObject);
  }

  /** A reader of a nested table; of an empty one when the key is absent. */
  object(key: string): ObjectReader {
    return new ObjectReader(this.raw(key) ?? {}, this.#join(key), this.issues);
  }

  optionalStrings(key: string): readonly string[] | undefined {
    return this.#typed(key, 'a list of strings', isStrings);
  }

  strings(key: string): readonly string[] {
    return this.optionalStrings(key) ?? [];
  }

  /** A table whose values are all strings. */
  optionalStringMap(key: string): Readonly<Record<string, string>> | undefined {
    return this.#typed(key, 'a table of strings', isStringMap);
  }

  /** Each element of a list of tables, read by `read`; [] when absent or null. */
  list<T>(key: string, read: (reader: ObjectReader, index: number) => T): readonly T[] {
    const value = this.raw(key);
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.issue(key, `expected a list of tables, found ${describe(value)}`);
      return [];
    }
    return value.map((item: unknown, index) =>
      read(new ObjectReader(item, `${this.#join(key)}[${String(index)}]`, this.issues), index),
    );
  }

  /** True when the key is there and not null. */
  has(key: string): boolean {
    const value = this.raw(key);
    return value !== undefined && value !== null;
  }

  keys(): readonly string[] {
    return Object.keys(this.#fields);
  }

  issue(key: string, problem: string): void {
    this.issues.push({ path: this.#join(key), problem });
  }

  #required<T>(key: string, value: T | undefined, fallback: T): T {
    if (value !== undefined) return value;
    if (!this.has(key)) this.issue(key, 'is missing');
    return fallback;
  }

  #typed<T>(key: string, expected: string, guard: (value: unknown) => value is T): T | undefined {
    const value = this.raw(key);
    if (value === undefined || value === null) return undefined;
    if (guard(value)) return value;
    this.issue(key, `expected ${expected}, found ${describe(value)}`);
    return undefined;
  }

  #join(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }
}

/** One line that names the first issues: `layers[0].digest is missing; …`. */
export function describeIssues(issues: readonly Issue[]): string {
  const shown = issues.slice(0, 3).map((issue) => `${issue.path}: ${issue.problem}`);
  return issues.length > 3 ? `${shown.join('; ')}; and ${String(issues.length - 3)} more` : shown.join('; ');
}

function isSafeInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isStringMap(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((item) => typeof item === 'string');
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'bigint') return 'a number';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return isObject(value) ? 'a table' : 'a date';
}
