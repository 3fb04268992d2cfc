import { SlipwayError } from '../../core/errors.ts';
import { describeIssues, isObject, ObjectReader } from '../../schema/reader.ts';
import { isTomlTable, type TomlTable, type TomlValue } from '../toml-value.ts';
import { parseToml } from './toml-read.ts';

/** One TOML table as a codec reads it: typed fields by `fields`, free data by `table`. */
export class TomlReader {
  readonly fields: ObjectReader;
  readonly #table: TomlTable;

  constructor(table: TomlTable, path = '', fields: ObjectReader = new ObjectReader(table, path)) {
    this.#table = table;
    this.fields = fields;
  }

  /** A table of free data, kept as TOML values. */
  table(key: string): TomlTable | undefined {
    const value = this.#value(key);
    if (value === undefined || value === null) return undefined;
    if (isTomlTable(value)) return value;
    this.fields.issue(key, 'expected a table');
    return undefined;
  }

  /** A nested table to read fields of; an empty one when absent or of a wrong type (which is an issue). */
  nested(key: string): TomlReader {
    const value = this.#value(key);
    return new TomlReader(isTomlTable(value) ? value : {}, '', this.fields.object(key));
  }

  /** Each table of a list; [] when absent. */
  list<T>(key: string, read: (reader: TomlReader) => T): readonly T[] {
    const value = this.#value(key);
    const tables: readonly unknown[] = Array.isArray(value) ? value : [];
    return this.fields.list(key, (fields, index) => read(new TomlReader(tableOrEmpty(tables[index]), '', fields)));
  }

  /** Each member of a table of tables, by name. */
  entries<T>(key: string, read: (reader: TomlReader) => T): readonly (readonly [string, T])[] {
    const nested = this.nested(key);
    return nested.fields.keys().map((name) => [name, read(nested.nested(name))] as const);
  }

  #value(key: string): TomlValue | undefined {
    return Object.hasOwn(this.#table, key) ? this.#table[key] : undefined;
  }
}

/** Parses a file and reads it; wrong types are `FILE_INVALID` naming the file and the keys. */
export function decodeFile<T>(bytes: Uint8Array | string, file: string, read: (reader: TomlReader) => T): T {
  const reader = new TomlReader(parseToml(bytes, file));
  const value = read(reader);
  const { issues } = reader.fields;
  if (issues.length > 0) {
    throw new SlipwayError('FILE_INVALID', `${file}: ${describeIssues(issues)}`, {
      details: { file, key: issues[0]?.path ?? '' },
    });
  }
  return value;
}

function tableOrEmpty(value: unknown): TomlTable {
  return isPlainTable(value) ? value : {};
}

function isPlainTable(value: unknown): value is TomlTable {
  return isObject(value);
}
