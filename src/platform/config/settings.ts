import type { TomlReader } from '../../cnb/files/decode.ts';
import { SlipwayError } from '../../core/errors.ts';
import { parseLocation } from '../../oci/location.ts';

/** Settings that are one text, in the order in which they are shown. */
export const TEXT_KEYS = [
  'default-builder-image',
  'lifecycle-image',
  'pull-policy',
  'layout-repo-dir',
  'default-registry',
  'default-registry-url',
] as const;

/** Settings that are on or off. */
export const FLAG_KEYS = ['experimental'] as const;

/** Settings that are lists and tables. */
export const TABLE_KEYS = ['run-images', 'registry-mirrors', 'trusted-builders', 'registries'] as const;

export type TextKey = (typeof TEXT_KEYS)[number];
export type FlagKey = (typeof FLAG_KEYS)[number];
export type TableKey = (typeof TABLE_KEYS)[number];

/** `[[run-images]]`: where this machine's user would rather have a run image from. */
export interface RunImageMirrors {
  readonly image: string;
  readonly mirrors: readonly string[];
}

/** A member of `[registry-mirrors]`: images of the registry, or of all (`*`), are read from there first. */
export interface RegistryMirror {
  readonly registry: string;
  /** `host[:port][/path]`. */
  readonly mirror: string;
}

/** `[[registries]]`: an index of buildpacks. */
export interface BuildpackRegistry {
  readonly name: string;
  readonly type: string;
  readonly url: string;
}

/** What each list or table of a file holds; issues where it does not. */
export const TABLES = {
  'run-images': (reader: TomlReader): readonly RunImageMirrors[] =>
    reader.list('run-images', ({ fields }) => {
      const mirrors = fields.strings('mirrors');
      for (const mirror of mirrors) if (!isLocation(mirror)) fields.issue('mirrors', `"${mirror}" is no image`);
      return { image: fields.string('image'), mirrors };
    }),
  'registry-mirrors': (reader: TomlReader): readonly RegistryMirror[] =>
    Object.entries(reader.fields.optionalStringMap('registry-mirrors') ?? {}).map(([registry, mirror]) => {
      const problem = mirrorProblem(mirror);
      if (problem !== undefined) reader.fields.issue(`registry-mirrors."${registry}"`, problem);
      return { registry, mirror };
    }),
  'trusted-builders': (reader: TomlReader): readonly string[] =>
    reader.list('trusted-builders', ({ fields }) => {
      const name = fields.string('name');
      if (name !== '' && !isLocation(name)) fields.issue('name', `"${name}" is no image`);
      return name;
    }),
  registries: (reader: TomlReader): readonly BuildpackRegistry[] =>
    reader.list('registries', ({ fields }) => ({
      name: fields.string('name'),
      type: fields.optionalString('type') ?? 'github',
      url: fields.string('url'),
    })),
} as const;

/** Why a text names no mirror; undefined when it does. */
export function mirrorProblem(mirror: string): string | undefined {
  if (mirror.includes('://')) return 'is an URL: write HOST[:PORT][/PATH]';
  return /^[A-Za-z0-9.[\]:_-]+(\/[a-z0-9._-]+)*$/.test(mirror) ? undefined : 'is not HOST[:PORT][/PATH]';
}

/** Whether a text names an image. */
function isLocation(text: string): boolean {
  try {
    parseLocation(text);
    return true;
  } catch (error) {
    if (error instanceof SlipwayError) return false;
    throw error;
  }
}

export function isTextKey(key: string): key is TextKey {
  return TEXT_KEYS.some((each) => each === key);
}

export function isFlagKey(key: string): key is FlagKey {
  return FLAG_KEYS.some((each) => each === key);
}

export function isTableKey(key: string): key is TableKey {
  return TABLE_KEYS.some((each) => each === key);
}
