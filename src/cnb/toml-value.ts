/**
 * TOML data as this program holds it, so that nothing is lost between a file, a label and a file again (contract §5.20, §6):
 * an integer is a bigint, a float is a number, a date keeps its text. Data that came from JSON has only numbers, hence floats:
 * that is what makes `n = 7` come back as `n = 7.0` after a label, as with the Go lifecycle.
 */
export type TomlValue = string | boolean | bigint | number | TomlDate | readonly TomlValue[] | TomlTable | null;

/** A table; `null` values appear only in data that came from JSON. */
export interface TomlTable {
  readonly [key: string]: TomlValue | undefined;
}

/** A date or time as written, normalised to upper-case `T` and `Z`. */
export class TomlDate {
  readonly kind: 'offset-date-time' | 'local-date-time' | 'local-date' | 'local-time';
  readonly text: string;

  constructor(kind: TomlDate['kind'], text: string) {
    this.kind = kind;
    this.text = text;
  }
}

/** True for a table: neither a list, a date nor a scalar. */
export function isTomlTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof TomlDate);
}
