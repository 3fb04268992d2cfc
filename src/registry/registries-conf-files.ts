import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import { isOutOfReach } from '../core/out-of-reach.ts';
import type { RegistriesConfPlaces } from './network-options.ts';
import { mergeRegistriesConf, parseRegistriesConf, type RegistriesConf } from './registries-conf.ts';

/**
 * Reads the first of the files that is there, and then every `*.conf` of the directories, each in the order of its names. Without
 * waiting: a repository is opened by name alone, and its name decides where it is. Throws `FILE_INVALID`, `FILE_NOT_FOUND`,
 * `FILE_NOT_READABLE`.
 */
export function readRegistriesConf(places: RegistriesConfPlaces): RegistriesConf {
  const confs: RegistriesConf[] = [];
  for (const file of places.files) {
    const text = read(file);
    if (text === undefined) {
      if (places.isNamed)
        throw new SlipwayError('FILE_NOT_FOUND', `${file} is not there, and CONTAINERS_REGISTRIES_CONF names it`);
      continue;
    }
    confs.push(parseRegistriesConf(text, file));
    break;
  }
  for (const directory of places.directories) {
    for (const name of list(directory)) {
      const file = join(directory, name);
      const text = read(file);
      if (text !== undefined) confs.push(parseRegistriesConf(text, file));
    }
  }
  return mergeRegistriesConf(confs);
}

function list(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.conf'))
      .sort();
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR') || isOutOfReach(directory, error)) return [];
    throw unreadable(directory, error);
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR') || isOutOfReach(file, error)) return undefined;
    throw unreadable(file, error);
  }
}

function unreadable(path: string, error: unknown): SlipwayError {
  return new SlipwayError('FILE_NOT_READABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
}
