import { createHash } from 'node:crypto';
import { basename, join, resolve } from 'node:path';
import { hasCode, SlipwayError } from '../../core/errors.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import type { CachePlace, CacheSetting } from '../../options/build/cache-choice.ts';
import { readCacheImage } from '../../options/cache-image.ts';
import type { NamedLocation } from '../../options/names.ts';
import { cacheRoot } from '../cache-root.ts';
import { INDEX_FOLDER, indexPath } from '../open-index.ts';
import type { BuildOptions } from './options.ts';
import { resolveOptional } from './resolve-optional.ts';

export interface CacheOptions {
  /** What `--cache` says; default for what is not said: kept below the cache's root, by the name of the image. */
  readonly caches?: readonly CacheSetting[];
}

/** Where the caches of a build are. */
export interface CachePlan {
  readonly cacheDir: string | undefined;
  readonly cacheImage: NamedLocation | undefined;
  /** May be the same directory as `cacheDir`. */
  readonly launchDir: string | undefined;
  /** What is known of layers that did not change. */
  readonly indexDir: string | undefined;
  /** Directories among them that lie below the cache's root: `slipway cache prune` may remove them. */
  readonly kept: readonly string[];
  /** What is to be said about it. */
  readonly notice?: string;
}

/**
 * The caches that were asked for. Without a word about the build cache it is kept below the cache's root, by name of the image, and the
 * launch cache in the same directory. Throws `ARGUMENT_INVALID` (exit 3) for two places of one cache.
 */
export function readCaches(options: BuildOptions): CachePlan {
  const { cacheDir, cacheImage, launchCacheDir, machine } = options;
  if (cacheDir !== undefined && cacheImage !== undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'supply only one of --cache-image and --cache-dir');
  const build = onlySetting(options, 'build', { '--cache-dir': cacheDir, '--cache-image': cacheImage });
  const launch = onlySetting(options, 'launch', { '--launch-cache': launchCacheDir });
  const own = keptPath(options, undefined);
  const buildPlace = build ?? (cacheDir === undefined && cacheImage === undefined ? KEPT : undefined);
  const buildDir = resolveOptional(machine.cwd, cacheDir) ?? directoryOf(buildPlace, options);
  // Elsewhere nobody asked for it, and a second copy of every layer would be made.
  const launchPlace = launch?.kind === 'image' ? undefined : launch;
  const launchDir =
    resolveOptional(machine.cwd, launchCacheDir) ??
    directoryOf(launchPlace ?? (buildDir === own ? KEPT : undefined), options);
  const named = buildPlace?.kind === 'image' ? buildPlace.name : cacheImage;
  const root = cacheArea(options);
  return {
    cacheDir: buildDir,
    cacheImage: readCacheImage(named),
    launchDir,
    indexDir: indexPlace(buildDir, options),
    kept: [...new Set([buildDir, launchDir])].flatMap((path) => (path?.startsWith(`${root}/`) === true ? [path] : [])),
    ...(launch?.kind === 'image' ? { notice: 'a launch cache cannot be an image: only the build cache can' } : {}),
  };
}

const KEPT = { kind: 'kept', name: undefined } as const;

function onlySetting(
  { caches = [] }: BuildOptions,
  type: CacheSetting['type'],
  others: Readonly<Record<string, string | undefined>>,
): CachePlace | undefined {
  const [first, second] = caches.filter((setting) => setting.type === type);
  if (second !== undefined) throw twice(type, `--cache type=${type} twice`);
  const other = Object.keys(others).find((flag) => others[flag] !== undefined);
  if (first !== undefined && other !== undefined) throw twice(type, `--cache type=${type} and ${other}`);
  return first?.place;
}

function twice(type: string, what: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', `the ${type} cache has two places: ${what}`, {
    exit: 3,
    hint: 'name one of them',
  });
}

function directoryOf(place: CachePlace | undefined, options: BuildOptions): string | undefined {
  switch (place?.kind) {
    case 'folder':
      return resolve(options.machine.cwd, place.path);
    case 'kept':
      return keptPath(options, place.name);
    case 'image':
    case 'none':
    case undefined:
      return undefined;
  }
}

function keptPath(options: BuildOptions, name: string | undefined): string {
  return join(cacheArea(options), name ?? nameOfImage(options));
}

/** In a cache that was named; else below the cache's root, by the name of what is kept there. */
function indexPlace(buildDir: string | undefined, options: BuildOptions): string {
  const isKept = buildDir === undefined || buildDir.startsWith(`${cacheArea(options)}/`);
  if (!isKept) return join(buildDir, INDEX_FOLDER);
  return indexPath(cacheRoot(options.machine), buildDir === undefined ? nameOfImage(options) : basename(buildDir));
}

function cacheArea({ machine }: BuildOptions): string {
  return join(cacheRoot(machine), 'builds');
}

/** Readable, and its own for every registry, repository, tag and platform that was asked for. */
function nameOfImage({ image, target }: BuildOptions): string {
  const { full, short } = referenceNames(image);
  const hash = createHash('sha256').update(`${full}\0${target === undefined ? '' : formatPlatform(target)}`);
  return `${short
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+/, '')
    .slice(0, 80)}-${hash.digest('hex').slice(0, 12)}`;
}

function referenceNames(image: string): { readonly full: string; readonly short: string } {
  try {
    const reference = parseReference(image);
    return { full: formatReference(reference), short: `${reference.repository}_${reference.tag ?? 'latest'}` };
  } catch (error) {
    if (!hasCode(error, 'REFERENCE_INVALID')) throw error;
    return { full: image, short: image };
  }
}
