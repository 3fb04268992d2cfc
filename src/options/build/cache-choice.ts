import { SlipwayError } from '../../core/errors.ts';
import { csvSettings } from './csv-fields.ts';

/** One `--cache`: which of the two caches, and where it is. */
export interface CacheSetting {
  readonly type: 'build' | 'launch';
  readonly place: CachePlace;
}

export type CachePlace =
  /** A directory, as given. */
  | { readonly kind: 'folder'; readonly path: string }
  /** Location of a cache image. */
  | { readonly kind: 'image'; readonly name: string }
  /** Kept below the cache's root; without a name by that of the image. */
  | { readonly kind: 'kept'; readonly name: string | undefined }
  | { readonly kind: 'none' };

const HINT =
  'write type=build;format=bind;source=DIR, format=image;name=LOCATION, format=volume;name=NAME, or format=none';

/**
 * `type=build|launch;format=bind|image|volume|oci|none;source=DIR|name=NAME`, in fields as pack reads them: without a type it is the build
 * cache, without a format a volume. A bind has its cache in `build-cache` or `launch-cache` below the directory, as pack's. Throws
 * `ARGUMENT_INVALID` (exit 3).
 */
export function parseCache(text: string): CacheSetting {
  const settings = csvSettings(text, ';', 'cache');
  const valueOf = (name: string): string | undefined => settings.findLast(([key]) => key === name)?.[1];
  const unknown = settings.find(([key]) => !['type', 'format', 'source', 'name'].includes(key));
  if (unknown !== undefined) throw bad(text, `there is no setting "${unknown[0]}"`);
  const type = valueOf('type') ?? 'build';
  if (type !== 'build' && type !== 'launch') throw bad(text, `there is no "${type}" cache`);
  // pack takes either word for either format.
  return {
    type,
    place: placeOf(
      text,
      type,
      valueOf('format') ?? 'volume',
      settings.findLast(([key]) => key === 'source' || key === 'name')?.[1],
    ),
  };
}

function placeOf(text: string, type: string, format: string, source: string | undefined): CachePlace {
  const required = (name: string): string => {
    if (source !== undefined && source !== '') return source;
    throw bad(text, `${name} is required`);
  };
  switch (format) {
    case 'bind':
      return { kind: 'folder', path: `${required('source')}/${type}-cache` };
    case 'image':
      return { kind: 'image', name: required('name') };
    case 'oci':
      return { kind: 'image', name: `oci:${required('source')}` };
    case 'volume':
      if (source !== undefined && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]*(?<!\.(?:lock|leases|tmp))$/.test(source))
        throw bad(text, `"${source}" is not a name for a volume`);
      return { kind: 'kept', name: source };
    case 'none':
      return { kind: 'none' };
    default:
      throw bad(text, `there is no format "${format}"`);
  }
}

function bad(text: string, why: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', `--cache ${text}: ${why}`, { exit: 3, hint: HINT });
}
