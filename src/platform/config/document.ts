import { readFileSync } from 'node:fs';
import { TomlReader } from '../../cnb/files/decode.ts';
import { parseToml } from '../../cnb/files/toml-read.ts';
import type { TomlTable } from '../../cnb/toml-value.ts';
import { isSystem, messageOf, SlipwayError } from '../../core/errors.ts';
import { isOutOfReach } from '../../core/out-of-reach.ts';
import { describeIssues } from '../../schema/reader.ts';
import type { ConfigPlace } from './places.ts';

/** A config file that is there. */
export interface ConfigDocument {
  readonly place: ConfigPlace;
  readonly table: TomlTable;
}

/**
 * Reads a file; undefined when there is none. Without waiting: who asks a registry for something does not wait either, and its mirror
 * is in here. Throws `FILE_INVALID` with line and column, `FILE_NOT_READABLE`.
 */
export function readConfigDocument(place: ConfigPlace): ConfigDocument | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(place.path);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR') || isOutOfReach(place.path, error)) return undefined;
    throw new SlipwayError('FILE_NOT_READABLE', `cannot read ${place.shown}: ${messageOf(error)}`, { cause: error });
  }
  return { place, table: parseToml(bytes, place.shown) };
}

/** Reads some keys of a file; what is wrong elsewhere in it does not matter. Throws `FILE_INVALID` naming file and key. */
export function readKeys<T>({ place, table }: ConfigDocument, read: (reader: TomlReader) => T): T {
  const reader = new TomlReader(table);
  const value = read(reader);
  const { issues } = reader.fields;
  if (issues.length === 0) return value;
  throw new SlipwayError('FILE_INVALID', `${place.shown}: ${describeIssues(issues)}`, {
    details: { file: place.shown, key: issues[0]?.path ?? '' },
  });
}
