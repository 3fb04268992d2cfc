import { resolve } from 'node:path';
import type { TomlValue } from '../../cnb/toml-value.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { formatLocation, parseLocation } from '../../oci/location.ts';
import { parseGoBoolean } from '../../options/go-values.ts';
import { nearest } from '../../options/nearest.ts';
import type { Machine } from '../machine.ts';
import { readConfigDocument } from './document.ts';
import { editConfig, withKey, withoutKey } from './edit.ts';
import { configPlaces, type ConfigPlace } from './places.ts';
import { FLAG_KEYS, isFlagKey, isTableKey, isTextKey, TABLE_KEYS, TEXT_KEYS, type TableKey } from './settings.ts';

const PULL_POLICIES = ['always', 'if-not-present', 'never'] as const;

/** The command that changes a list or table. */
const VERBS: Readonly<Record<TableKey, string>> = {
  'run-images': 'slipway config run-image-mirrors add IMAGE --mirror LOCATION',
  'registry-mirrors': 'slipway config registry-mirrors add REGISTRY --mirror HOST',
  'trusted-builders': 'slipway config trusted-builders add NAME',
  registries: 'write [[registries]] with name, type and url into the file',
};

/** Sets a key of our file. Throws `ARGUMENT_INVALID` for a key or value that cannot be, and what writing throws. */
export async function setKey(key: string, text: string, machine: Machine, ctx: Context): Promise<SetKey> {
  const value = valueOf(key, text, machine.cwd);
  const place = await editConfig(machine, ctx, ({ table }) => withKey(table, key, value));
  return { value, place };
}

export interface SetKey {
  readonly value: string | boolean;
  readonly place: ConfigPlace;
}

/** Removes a key of our file, whatever it holds. Throws `ARGUMENT_INVALID` when it is not there, and says where else it is. */
export async function unsetKey(key: string, machine: Machine, ctx: Context): Promise<ConfigPlace> {
  return editConfig(machine, ctx, ({ table, place }) => {
    if (Object.hasOwn(table, key)) return withoutKey(table, key);
    throw notThere(
      key,
      place,
      otherPlaces(machine, (other) => Object.hasOwn(other, key)),
    );
  });
}

/** What is only in a file that is not ours, or nowhere. */
export function notThere(what: string, place: ConfigPlace, others: readonly ConfigPlace[]): SlipwayError {
  const [other] = others;
  return new SlipwayError('ARGUMENT_INVALID', `${what} is not in ${place.shown}`, {
    hint:
      other === undefined
        ? 'slipway config show --origin prints what is set, and where'
        : `it is in ${other.shown}, which is pack’s: change it there, or set another value here`,
  });
}

/** The files besides ours that hold something; one that cannot be read holds nothing. */
export function otherPlaces(
  machine: Machine,
  holds: (table: Readonly<Record<string, TomlValue | undefined>>) => boolean,
): readonly ConfigPlace[] {
  return configPlaces(machine).filter((place) => {
    if (place.origin === 'slipway') return false;
    try {
      const document = readConfigDocument(place);
      return document !== undefined && holds(document.table);
    } catch (error) {
      if (error instanceof SlipwayError) return false;
      throw error;
    }
  });
}

function valueOf(key: string, text: string, cwd: string): string | boolean {
  if (isFlagKey(key)) {
    const flag = parseGoBoolean(text);
    if (flag === undefined) throw invalid(key, text, 'write true or false');
    return flag;
  }
  if (!isTextKey(key)) throw unknownKey(key);
  if (text === '') throw invalid(key, text, `slipway config unset ${key} removes it`);
  switch (key) {
    case 'default-builder-image':
    case 'lifecycle-image':
      return locationText(text, cwd);
    case 'pull-policy':
      if (!PULL_POLICIES.some((word) => word === text))
        throw invalid(key, text, `choose one of ${PULL_POLICIES.join(', ')}`);
      return text;
    case 'layout-repo-dir':
      return resolve(cwd, text);
    case 'default-registry':
    case 'default-registry-url':
      return text;
  }
}

/** What is on disk is found from any directory. Throws `REFERENCE_INVALID`. */
export function locationText(text: string, cwd: string): string {
  const location = parseLocation(text);
  if (location.kind === 'oci') return formatLocation({ ...location, dir: resolve(cwd, location.dir) });
  if ('file' in location && location.file !== '-')
    return formatLocation({ ...location, file: resolve(cwd, location.file) });
  return text;
}

/** A key that no setting has. */
export function unknownKey(key: string): SlipwayError {
  if (isTableKey(key)) return new SlipwayError('ARGUMENT_INVALID', `${key} is no single value`, { hint: VERBS[key] });
  const keys = [...TEXT_KEYS, ...FLAG_KEYS, ...TABLE_KEYS];
  const near = nearest(key, keys);
  return new SlipwayError('ARGUMENT_INVALID', `there is no setting ${key}`, {
    hint: near === undefined ? `settings are ${keys.join(', ')}` : `did you mean ${near}?`,
  });
}

function invalid(key: string, text: string, hint: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', `${key} cannot be "${text}"`, { hint });
}
