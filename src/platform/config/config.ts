import { writtenOutName } from '../../cnb/run-image-name.ts';
import type { TomlReader } from '../../cnb/files/decode.ts';
import type { Machine } from '../machine.ts';
import { readConfigDocument, readKeys, type ConfigDocument } from './document.ts';
import { configPlaces, type ConfigPlace } from './places.ts';
import {
  TABLES,
  type BuildpackRegistry,
  type FlagKey,
  type RegistryMirror,
  type RunImageMirrors,
  type TextKey,
} from './settings.ts';

/** A setting and the file that it is in. */
export interface Setting<T> {
  readonly value: T;
  readonly place: ConfigPlace;
}

/**
 * The settings of the config files. A file is read when the first of them is asked for, and only what is asked for must be right there:
 * each function throws `FILE_INVALID` or `FILE_NOT_READABLE` for what it needs.
 */
export interface Config {
  readonly text: (key: TextKey) => Setting<string> | undefined;
  readonly flag: (key: FlagKey) => Setting<boolean> | undefined;
  /** One for each run image; ours in the place of pack's. */
  readonly runImages: () => readonly Setting<RunImageMirrors>[];
  /** One for each registry. */
  readonly registryMirrors: () => readonly Setting<RegistryMirror>[];
  readonly trustedBuilders: () => readonly Setting<string>[];
  /** One for each name. */
  readonly registries: () => readonly Setting<BuildpackRegistry>[];
}

/** Ours counts before pack's; lists have what is in either (decision 0022). */
export function openConfig(machine: Pick<Machine, 'env' | 'home' | 'cwd'>): Config {
  return configOf(configPlaces(machine));
}

/** The settings of these files, the first of which counts. */
export function configOf(places: readonly ConfigPlace[]): Config {
  const read = new Map<ConfigPlace, ConfigDocument | undefined>();
  const documents = function* (): Generator<ConfigDocument> {
    for (const place of places) {
      if (!read.has(place)) read.set(place, readConfigDocument(place));
      const document = read.get(place);
      if (document !== undefined) yield document;
    }
  };
  const first = <T>(take: (document: ConfigDocument) => T | undefined): Setting<T> | undefined => {
    for (const document of documents()) {
      const value = take(document);
      if (value !== undefined) return { value, place: document.place };
    }
    return undefined;
  };
  const all = <T>(take: (reader: TomlReader) => readonly T[], keyOf: (value: T) => string): Setting<T>[] => {
    const found = new Map<string, Setting<T>>();
    for (const document of documents())
      for (const value of readKeys(document, take))
        if (!found.has(keyOf(value))) found.set(keyOf(value), { value, place: document.place });
    return [...found.values()];
  };
  return {
    text: (key) =>
      first((document) => {
        const value = readKeys(document, ({ fields }) => fields.optionalString(key));
        return value === '' ? undefined : value;
      }),
    flag: (key) => first((document) => readKeys(document, ({ fields }) => fields.optionalBoolean(key))),
    runImages: () => all(TABLES['run-images'], ({ image }) => writtenOutName(image)),
    registryMirrors: () => all(TABLES['registry-mirrors'], ({ registry }) => registry),
    trustedBuilders: () => all(TABLES['trusted-builders'], (name) => name),
    registries: () => all(TABLES.registries, ({ name }) => name),
  };
}
