import { attempt } from '../../core/attempt.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Machine } from '../machine.ts';
import { configOf, type Setting } from './config.ts';
import { readConfigDocument } from './document.ts';
import { configPlaces, type ConfigPlace } from './places.ts';
import { FLAG_KEYS, TEXT_KEYS } from './settings.ts';

/** A setting as it is shown: those of lists and tables one by one. */
export interface ShownSetting {
  readonly key: string;
  /** Which one, of a list or table. */
  readonly name?: string;
  readonly value: string | boolean | readonly string[];
  readonly place: ConfigPlace;
}

export interface ConfigSurvey {
  readonly settings: readonly ShownSetting[];
  readonly files: readonly SurveyedFile[];
}

/** A config file. */
export interface SurveyedFile {
  readonly place: ConfigPlace;
  readonly isThere: boolean;
  /** What is wrong in it: settings that need it stop with this. */
  readonly problems: readonly SlipwayError[];
}

/** All that is set and all that is wrong. A setting is left out where whoever needs it would be stopped by a file. */
export function surveyConfig(machine: Pick<Machine, 'env' | 'home' | 'cwd'>): ConfigSurvey {
  const places = configPlaces(machine);
  const settings = readers(places).flatMap((read) => {
    const found = attempt(read);
    return found instanceof SlipwayError ? [] : found;
  });
  return { settings, files: places.map(surveyFile) };
}

function surveyFile(place: ConfigPlace): SurveyedFile {
  const opened = attempt(() => readConfigDocument(place));
  if (opened instanceof SlipwayError) return { place, isThere: true, problems: [opened] };
  if (opened === undefined) return { place, isThere: false, problems: [] };
  const results = readers([place]).map((read) => attempt(read));
  return { place, isThere: true, problems: results.filter((result) => result instanceof SlipwayError) };
}

/** One for each key, so that what is wrong with one does not hide another. */
function readers(places: readonly ConfigPlace[]): readonly (() => readonly ShownSetting[])[] {
  const config = configOf(places);
  return [
    ...TEXT_KEYS.map((key) => () => one(key, config.text(key))),
    ...FLAG_KEYS.map((key) => () => one(key, config.flag(key))),
    () =>
      config
        .runImages()
        .map(({ value, place }) => ({ key: 'run-images', name: value.image, value: value.mirrors, place })),
    () =>
      config
        .registryMirrors()
        .map(({ value, place }) => ({ key: 'registry-mirrors', name: value.registry, value: value.mirror, place })),
    () => config.trustedBuilders().map(({ value, place }) => ({ key: 'trusted-builders', value, place })),
    () =>
      config.registries().map(({ value, place }) => ({
        key: 'registries',
        name: value.name,
        value: `${value.type} ${value.url}`,
        place,
      })),
  ];
}

function one(key: string, setting: Setting<string | boolean> | undefined): readonly ShownSetting[] {
  return setting === undefined ? [] : [{ key, ...setting }];
}
