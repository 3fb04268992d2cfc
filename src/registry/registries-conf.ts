import { SlipwayError } from '../core/errors.ts';
import { decodeFile, type TomlReader } from '../cnb/files/decode.ts';

/**
 * registries.conf, version 2 (containers-registries.conf(5)), without its short names: a bare word is an image of Docker Hub (design
 * §1.1), and an alias of one machine would lead nowhere on the next, where the recorded name is read again.
 */
export interface RegistriesConf {
  readonly registries: readonly RegistryEntry[];
}

interface RegistryEntry {
  /** The file that it is from, for messages. */
  readonly file: string;
  /** `host[:port][/path]`, or `*.host`. */
  readonly prefix: string;
  /** What takes the prefix's place when images are read. */
  readonly location: string;
  readonly isInsecure: boolean;
  readonly isBlocked: boolean;
  readonly mirrors: readonly MirrorEntry[];
}

interface MirrorEntry {
  readonly location: string;
  readonly isInsecure: boolean;
  readonly takes: 'all' | 'digest-only' | 'tag-only';
}

/** Where a repository is read from. */
export interface ReadPlace {
  readonly registry: string;
  readonly repository: string;
  readonly isInsecure: boolean;
  readonly takes: MirrorEntry['takes'];
}

export interface ReadRoute {
  /** Whether the registry itself may be spoken to over plain HTTP. */
  readonly isInsecure: boolean;
  /** Mirrors in order, then the location itself; empty when it is read where its name says. */
  readonly places: readonly ReadPlace[];
}

const HUB = 'index.docker.io';
const TAKES = ['all', 'digest-only', 'tag-only'] as const;

/** Throws `FILE_INVALID`. */
export function parseRegistriesConf(text: string, file: string): RegistriesConf {
  return decodeFile(text, file, (reader) => {
    if (reader.fields.has('registries'))
      reader.fields.issue('registries', 'belongs to version 1 of the format, which is not read: write [[registry]]');
    return { registries: reader.list('registry', (entry) => readEntry(entry, file)) };
  });
}

/** A later file's entry takes the place of an earlier one's with the same prefix. */
export function mergeRegistriesConf(files: readonly RegistriesConf[]): RegistriesConf {
  const registries = new Map(files.flatMap((conf) => conf.registries.map((entry) => [entry.prefix, entry] as const)));
  return { registries: [...registries.values()] };
}

/** What the files say of a repository: the entry with the longest prefix counts. Throws `REGISTRY_DENIED` for a blocked one. */
export function routeOf(conf: RegistriesConf, registry: string, repository: string): ReadRoute {
  const name = `${registry === HUB ? 'docker.io' : registry}/${repository}`;
  const entry = conf.registries
    .filter(({ prefix }) => isPrefix(prefix, name))
    .reduce<RegistryEntry | undefined>(
      (best, next) => (best === undefined || next.prefix.length > best.prefix.length ? next : best),
      undefined,
    );
  if (entry === undefined) return { isInsecure: false, places: [] };
  if (entry.isBlocked)
    throw new SlipwayError('REGISTRY_DENIED', `${name} is blocked by ${entry.file}`, {
      details: { file: entry.file, prefix: entry.prefix },
      hint: 'ask whoever wrote the file, or use an image of another registry',
    });
  const own = placeOf(entry, name, { location: entry.location, isInsecure: entry.isInsecure, takes: 'all' });
  const isElsewhere = own.registry !== registry || own.repository !== repository;
  const mirrors = entry.mirrors.map((mirror) => placeOf(entry, name, mirror));
  return { isInsecure: entry.isInsecure, places: isElsewhere || mirrors.length > 0 ? [...mirrors, own] : [] };
}

function readEntry(reader: TomlReader, file: string): RegistryEntry {
  const { fields } = reader;
  const location = trim(fields.optionalString('location') ?? '');
  const prefix = trim(fields.optionalString('prefix') ?? location);
  if (prefix === '') fields.issue('location', 'is missing');
  if (prefix.startsWith('*') && !/^\*\.[^*/]+$/.test(prefix)) fields.issue('prefix', 'a wildcard is written *.host');
  if (location === '' && !prefix.startsWith('*.')) fields.issue('location', 'is missing');
  const isDigestOnly = fields.boolean('mirror-by-digest-only');
  return {
    file,
    prefix,
    location,
    isInsecure: fields.boolean('insecure'),
    isBlocked: fields.boolean('blocked'),
    mirrors: reader.list('mirror', (mirror) => readMirror(mirror, isDigestOnly)),
  };
}

function readMirror({ fields }: TomlReader, isDigestOnly: boolean): MirrorEntry {
  const text = fields.optionalString('pull-from-mirror') ?? (isDigestOnly ? 'digest-only' : 'all');
  const takes = TAKES.find((word) => word === text);
  if (takes === undefined) fields.issue('pull-from-mirror', `must be one of ${TAKES.join(', ')}`);
  return { location: trim(fields.string('location')), isInsecure: fields.boolean('insecure'), takes: takes ?? 'all' };
}

/** Whole parts of a name only: `host/team` is none of `host/teams`. */
function isPrefix(prefix: string, name: string): boolean {
  if (prefix.startsWith('*.')) return (name.split('/')[0] ?? '').endsWith(prefix.slice(1));
  return name === prefix || name.startsWith(`${prefix}/`);
}

function placeOf(entry: RegistryEntry, name: string, mirror: MirrorEntry): ReadPlace {
  const host = name.split('/')[0] ?? '';
  const length = entry.prefix.startsWith('*.') ? host.length : entry.prefix.length;
  // A wildcard without a location leaves every host where it is.
  const full = mirror.location === '' ? name : `${mirror.location}${name.slice(length)}`;
  const slash = full.indexOf('/');
  const registry = slash < 0 ? full : full.slice(0, slash);
  return {
    registry: registry === 'docker.io' ? HUB : registry,
    repository: slash < 0 ? '' : full.slice(slash + 1),
    isInsecure: mirror.isInsecure,
    takes: mirror.takes,
  };
}

function trim(text: string): string {
  return text.trim().replace(/\/+$/, '');
}
