import { SlipwayError } from '../core/errors.ts';
import { compareBytes } from '../oci/go-json.ts';
import { TomlDate, type TomlTable, type TomlValue } from './toml-value.ts';

/** Deepest nesting of free data that is taken from JSON. */
const MAX_DEPTH = 128;

/**
 * TOML data as `goJson` writes it into a label (contract §6): tables as maps in byte order of their keys, integers with all digits,
 * dates as text. Throws `FILE_INVALID` for nan and inf, which JSON cannot hold.
 */
export function tomlToJson(value: TomlValue): unknown {
  if (value === null) return null;
  if (value instanceof TomlDate) return dateText(value);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new SlipwayError('FILE_INVALID', `a metadata value is ${String(value)}, which a label cannot hold`);
  }
  if (typeof value !== 'object') return value;
  if (isList(value)) return value.map(tomlToJson);
  const entries = Object.entries(value).flatMap(([key, member]): [string, unknown][] =>
    member === undefined ? [] : [[key, tomlToJson(member)]],
  );
  return new Map(entries.sort(([a], [b]) => compareBytes(a, b)));
}

/** Parsed JSON as TOML data; every number is a float. Undefined when it is nested too deep. */
export function jsonToToml(value: unknown, depth: number = 0): TomlValue | undefined {
  if (depth > MAX_DEPTH) return undefined;
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value;
  if (Array.isArray(value)) {
    const items: TomlValue[] = [];
    for (const item of value) {
      const converted = jsonToToml(item, depth + 1);
      if (converted === undefined) return undefined;
      items.push(converted);
    }
    return items;
  }
  if (typeof value !== 'object') return undefined;
  return jsonToTable(value, depth);
}

function jsonToTable(value: object, depth: number): TomlTable | undefined {
  const entries: [string, TomlValue][] = [];
  for (const [key, member] of Object.entries(value)) {
    const converted = jsonToToml(member, depth + 1);
    if (converted === undefined) return undefined;
    entries.push([key, converted]);
  }
  return Object.fromEntries(entries);
}

function isList(value: TomlTable | readonly TomlValue[]): value is readonly TomlValue[] {
  return Array.isArray(value);
}

/** A local date or time is taken as one under UTC. */
function dateText(date: TomlDate): string {
  switch (date.kind) {
    case 'offset-date-time':
      return date.text;
    case 'local-date-time':
      return `${date.text}Z`;
    case 'local-date':
      return `${date.text}T00:00:00Z`;
    case 'local-time':
      return `0000-01-01T${date.text}Z`;
  }
}
