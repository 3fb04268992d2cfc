import { compareBytes } from '../../oci/go-json.ts';
import { TomlDate, type TomlTable, type TomlValue } from '../toml-value.ts';

/** A piece of TOML that is written as it is: how `command` gets its JSON escapes (contract §5.20). */
export class TomlRaw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What can stand in a document: a `Map` is a struct (keys in its order), a plain table is a Go map (keys in byte order). */
export type TomlNode = TomlValue | TomlRaw | TomlDocument | readonly TomlDocument[] | undefined;

/** A table whose keys are written in insertion order; `undefined` and `null` members are left out. */
export type TomlDocument = ReadonlyMap<string, TomlNode>;

/** The bytes of the Go lifecycle's encoder (contract §5.20): 2 spaces a level, one newline at the end; an empty document is ''. */
export function encodeToml(document: TomlDocument): string {
  const lines: string[] = [];
  writeTable(lines, [], document);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** A document with its keys in the given order. */
export function struct(entries: readonly (readonly [string, TomlNode])[]): TomlDocument {
  return new Map(entries);
}

/** A list that is left out when it is empty. */
export function orNone<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

type Table = TomlDocument | TomlTable;
type Present = Exclude<TomlNode, null | undefined>;

/** Scalars and inline lists first, then sub-tables and lists of tables. */
function writeTable(lines: string[], path: readonly string[], table: Table): void {
  const members = membersOf(table);
  const indent = '  '.repeat(path.length);
  for (const [key, value] of members) {
    if (!isTable(value) && tableList(value) === undefined) lines.push(`${indent}${tomlKey(key)} = ${inline(value)}`);
  }
  for (const [key, value] of members) {
    const tables = tableList(value);
    if (tables !== undefined) writeTableList(lines, [...path, key], tables);
    else if (isTable(value)) writeSubTable(lines, [...path, key], value);
  }
}

function writeSubTable(lines: string[], path: readonly string[], table: Table): void {
  if (path.length === 1) blankLine(lines);
  lines.push(`${'  '.repeat(path.length - 1)}[${path.map(tomlKey).join('.')}]`);
  writeTable(lines, path, table);
}

function writeTableList(lines: string[], path: readonly string[], tables: readonly Table[]): void {
  for (const table of tables) {
    blankLine(lines);
    lines.push(`${'  '.repeat(path.length - 1)}[[${path.map(tomlKey).join('.')}]]`);
    writeTable(lines, path, table);
  }
}

function blankLine(lines: string[]): void {
  if (lines.length > 0) lines.push('');
}

function membersOf(table: Table): readonly (readonly [string, Present])[] {
  const entries: readonly (readonly [string, TomlNode])[] = isDocument(table)
    ? [...table]
    : Object.entries(table).sort(([a], [b]) => compareBytes(a, b));
  return entries.filter(isPresent);
}

function isPresent(entry: readonly [string, TomlNode]): entry is readonly [string, Present] {
  return entry[1] !== undefined && entry[1] !== null;
}

function isDocument(value: TomlNode): value is TomlDocument {
  return value instanceof Map;
}

function isTable(value: TomlNode): value is Table {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof TomlDate) &&
    !(value instanceof TomlRaw)
  );
}

/** A non-empty list of nothing but tables, which is written in blocks. */
function tableList(value: TomlNode): readonly Table[] | undefined {
  if (!isList(value) || value.length === 0) return undefined;
  const tables = value.filter(isTable);
  return tables.length === value.length ? tables : undefined;
}

function isList(value: TomlNode): value is readonly TomlValue[] | readonly TomlDocument[] {
  return Array.isArray(value);
}

function inline(value: Present): string {
  if (value instanceof TomlRaw || value instanceof TomlDate) return value.text;
  if (typeof value === 'string') return tomlString(value);
  if (typeof value === 'number') return tomlFloat(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (isList(value)) {
    return `[${value
      .filter((item) => item !== null)
      .map(inline)
      .join(', ')}]`;
  }
  return inlineTable(value);
}

function inlineTable(table: Table): string {
  const members = membersOf(table);
  const isBlock = ([, value]: readonly [string, Present]): boolean => isTable(value) || tableList(value) !== undefined;
  const ordered = [...members.filter((member) => !isBlock(member)), ...members.filter(isBlock)];
  return `{${ordered.map(([key, value]) => `${tomlKey(key)} = ${inline(value)}`).join(', ')}}`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\b': '\\b',
  '\f': '\\f',
};

function tomlString(text: string): string {
  const escaped = text.replace(
    /["\\\p{Cc}]/gu,
    (char) => (char > '\u007f' ? char : ESCAPES[char]) ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${escaped}"`;
}

function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : tomlString(key);
}

/** Go's `'g'` format with the shortest digits, and `.0` where neither a point nor an exponent is. */
function tomlFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 6) {
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  const plain = String(value);
  return plain.includes('.') ? plain : `${plain}.0`;
}
