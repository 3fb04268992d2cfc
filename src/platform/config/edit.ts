import { realpath, stat } from 'node:fs/promises';
import { encodeToml, type TomlDocument, type TomlNode } from '../../cnb/files/toml-write.ts';
import { isTomlTable, type TomlTable, type TomlValue } from '../../cnb/toml-value.ts';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { isSystem } from '../../core/errors.ts';
import { withLock } from '../../core/lock-directory.ts';
import type { Machine } from '../machine.ts';
import { readConfigDocument, type ConfigDocument } from './document.ts';
import { ownConfigPlace, type ConfigPlace } from './places.ts';

/**
 * Changes our file as a whole, one writer at a time: keys that nobody here knows stay, comments do not. A link to it stays one. Throws
 * what reading it throws, before anything is written; `WRITE_FAILED`, `LOCK_TIMEOUT`.
 */
export async function editConfig(
  machine: Machine,
  ctx: Context,
  change: (document: ConfigDocument) => TomlTable,
): Promise<ConfigPlace> {
  const place = ownConfigPlace(machine);
  const path = await followed(place.path);
  await withLock(`${path}.lock`, ctx, async () => {
    const document = readConfigDocument(place) ?? { place, table: {} };
    const changed = change(document);
    if (changed !== document.table) await writeFileAtomic(path, encodeToml(documentOf(changed)), await modeOf(path));
  });
  return place;
}

/** The table with another value of a key, in its old place. */
export function withKey(table: TomlTable, key: string, value: TomlValue): TomlTable {
  return { ...table, [key]: value };
}

export function withoutKey(table: TomlTable, key: string): TomlTable {
  return Object.fromEntries(Object.entries(table).filter(([name]) => name !== key));
}

/** With keys in the order in which they are. */
function documentOf(table: TomlTable): TomlDocument {
  return new Map(Object.entries(table).map(([key, value]) => [key, nodeOf(value)]));
}

function nodeOf(value: TomlValue | undefined): TomlNode {
  if (isTomlTable(value)) return documentOf(value);
  if (!isList(value)) return value;
  const tables = value.filter(isTomlTable);
  return tables.length === value.length ? tables.map(documentOf) : value;
}

function isList(value: TomlValue | undefined): value is readonly TomlValue[] {
  return Array.isArray(value);
}

async function followed(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return path;
    throw error;
  }
}

/** As it is; a new one is its owner's alone. */
async function modeOf(path: string): Promise<{ readonly mode: number }> {
  try {
    return { mode: (await stat(path)).mode & 0o777 };
  } catch (error) {
    if (isSystem(error, 'ENOENT')) return { mode: 0o600 };
    throw error;
  }
}
