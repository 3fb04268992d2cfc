import { isTomlTable, type TomlTable, type TomlValue } from '../../cnb/toml-value.ts';
import { writtenOutName } from '../../cnb/run-image-name.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Machine } from '../machine.ts';
import { openConfig } from './config.ts';
import { readKeys } from './document.ts';
import { editConfig, withKey, withoutKey } from './edit.ts';
import type { ConfigPlace } from './places.ts';
import { locationText, notThere, otherPlaces } from './set.ts';
import { mirrorProblem, TABLES } from './settings.ts';

/** Adds mirrors of a run image, behind those that are known, pack's too. */
export async function addRunImageMirrors(
  image: string,
  mirrors: readonly string[],
  machine: Machine,
  ctx: Context,
): Promise<ConfigPlace> {
  if (mirrors.length === 0)
    throw new SlipwayError('ARGUMENT_INVALID', 'nothing says which mirror', { hint: 'name it: --mirror LOCATION' });
  const texts = mirrors.map((mirror) => locationText(mirror, machine.cwd));
  const known = openConfig(machine)
    .runImages()
    .find(({ value }) => isSame(value.image, image))?.value.mirrors;
  return editConfig(machine, ctx, (document) => {
    readKeys(document, TABLES['run-images']);
    const entries = tablesOf(document.table['run-images']);
    const own = entries.find((entry) => isSame(entry['image'], image));
    const before = own === undefined ? (known ?? []) : stringsOf(own['mirrors']);
    const all = [...new Set([...before, ...texts])];
    const changed = own === undefined ? [...entries, { image, mirrors: all }] : replaced(entries, own, all);
    return withKey(document.table, 'run-images', changed);
  });
}

/** Removes mirrors of a run image, or with none named the image. Throws `ARGUMENT_INVALID` when they are not in our file. */
export async function removeRunImageMirrors(
  image: string,
  mirrors: readonly string[],
  machine: Machine,
  ctx: Context,
): Promise<ConfigPlace> {
  return editConfig(machine, ctx, (document) => {
    readKeys(document, TABLES['run-images']);
    const entries = tablesOf(document.table['run-images']);
    const own = entries.find((entry) => isSame(entry['image'], image));
    if (own === undefined) {
      const holds = (table: TomlTable): boolean =>
        tablesOf(table['run-images']).some((entry) => isSame(entry['image'], image));
      throw notThere(`run image ${image}`, document.place, otherPlaces(machine, holds));
    }
    const texts = mirrors.map((mirror) => locationText(mirror, machine.cwd));
    const before = stringsOf(own['mirrors']);
    const missing = texts.find((text) => !before.includes(text));
    if (missing !== undefined) throw notThere(`mirror ${missing} of ${image}`, document.place, []);
    const left = texts.length === 0 ? [] : before.filter((mirror) => !texts.includes(mirror));
    const changed = left.length === 0 ? entries.filter((entry) => entry !== own) : replaced(entries, own, left);
    return withList(document.table, 'run-images', changed);
  });
}

/** Names the place that images of a registry (or of all: `*`) are read from first. */
export async function setRegistryMirror(
  registry: string,
  mirror: string,
  machine: Machine,
  ctx: Context,
): Promise<ConfigPlace> {
  const problem = mirrorProblem(mirror);
  if (problem !== undefined) throw new SlipwayError('ARGUMENT_INVALID', `the mirror "${mirror}" ${problem}`);
  if (registry !== '*' && !/^[A-Za-z0-9.[\]:_-]+$/.test(registry))
    throw new SlipwayError('ARGUMENT_INVALID', `"${registry}" is no registry`, {
      hint: 'write HOST[:PORT], or * for all',
    });
  return editConfig(machine, ctx, (document) => {
    readKeys(document, TABLES['registry-mirrors']);
    const before = tableOf(document.table['registry-mirrors']);
    return withKey(document.table, 'registry-mirrors', withKey(before, registry, mirror));
  });
}

export async function removeRegistryMirror(registry: string, machine: Machine, ctx: Context): Promise<ConfigPlace> {
  return editConfig(machine, ctx, (document) => {
    readKeys(document, TABLES['registry-mirrors']);
    const before = tableOf(document.table['registry-mirrors']);
    const holds = (table: TomlTable): boolean => Object.hasOwn(tableOf(table['registry-mirrors']), registry);
    if (!Object.hasOwn(before, registry))
      throw notThere(`a mirror of ${registry}`, document.place, otherPlaces(machine, holds));
    const left = withoutKey(before, registry);
    return Object.keys(left).length === 0
      ? withoutKey(document.table, 'registry-mirrors')
      : withKey(document.table, 'registry-mirrors', left);
  });
}

export async function addTrustedBuilder(name: string, machine: Machine, ctx: Context): Promise<ConfigPlace> {
  const text = locationText(name, machine.cwd);
  return editConfig(machine, ctx, (document) => {
    if (readKeys(document, TABLES['trusted-builders']).includes(text)) return document.table;
    const entries = tablesOf(document.table['trusted-builders']);
    return withKey(document.table, 'trusted-builders', [...entries, { name: text }]);
  });
}

export async function removeTrustedBuilder(name: string, machine: Machine, ctx: Context): Promise<ConfigPlace> {
  const text = locationText(name, machine.cwd);
  const isNamed = (entry: TomlTable): boolean => entry['name'] === text;
  return editConfig(machine, ctx, (document) => {
    readKeys(document, TABLES['trusted-builders']);
    const entries = tablesOf(document.table['trusted-builders']);
    const holds = (table: TomlTable): boolean => tablesOf(table['trusted-builders']).some(isNamed);
    if (!entries.some(isNamed)) throw notThere(`trusted builder ${name}`, document.place, otherPlaces(machine, holds));
    return withList(
      document.table,
      'trusted-builders',
      entries.filter((entry) => !isNamed(entry)),
    );
  });
}

function withList(table: TomlTable, key: string, list: readonly TomlTable[]): TomlTable {
  return list.length === 0 ? withoutKey(table, key) : withKey(table, key, list);
}

/** Other keys of the entry stay. */
function replaced(entries: readonly TomlTable[], own: TomlTable, mirrors: readonly string[]): readonly TomlTable[] {
  return entries.map((entry) => (entry === own ? withKey(entry, 'mirrors', mirrors) : entry));
}

function isSame(value: TomlValue | undefined, image: string): boolean {
  return typeof value === 'string' && writtenOutName(value) === writtenOutName(image);
}

function tablesOf(value: TomlValue | undefined): readonly TomlTable[] {
  return isList(value) ? value.filter(isTomlTable) : [];
}

function tableOf(value: TomlValue | undefined): TomlTable {
  return isTomlTable(value) ? value : {};
}

function stringsOf(value: TomlValue | undefined): readonly string[] {
  return isList(value) ? value.filter((item) => typeof item === 'string') : [];
}

function isList(value: TomlValue | undefined): value is readonly TomlValue[] {
  return Array.isArray(value);
}
