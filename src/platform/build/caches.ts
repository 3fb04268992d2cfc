import { SlipwayError } from '../../core/errors.ts';
import { readCacheImage } from '../../options/cache-image.ts';
import type { CacheChoice } from '../open-cache.ts';
import { resolveOptional } from './resolve-optional.ts';
import type { BuildOptions } from './options.ts';

/** The build cache that was asked for: one folder or one image. */
export function readCaches({ cacheDir, cacheImage, machine }: BuildOptions): Omit<CacheChoice, 'execEnv'> {
  if (cacheDir !== undefined && cacheImage !== undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'supply only one of --cache-image and --cache-dir');
  return { cacheDir: resolveOptional(machine.cwd, cacheDir), cacheImage: readCacheImage(cacheImage) };
}
