import { openFolderCache } from '../cache/folder-cache.ts';
import { openImageCache } from '../cache/image-cache.ts';
import type { TargetMetadata } from '../cnb/analyzed.ts';
import type { Context } from '../core/context.ts';
import type { Locator } from '../locate/locator.ts';
import type { Platform } from '../oci/platform.ts';
import type { NamedLocation } from '../options/names.ts';
import type { BuildCache } from '../ports/layer-cache.ts';

/** The build cache that was asked for: a folder, an image, or none. */
export interface CacheChoice {
  readonly cacheDir: string | undefined;
  readonly cacheImage: NamedLocation | undefined;
  /** Undefined where the Platform API knows no execution environments. */
  readonly execEnv: string | undefined;
  /** How long a folder remembers a launch layer that nobody looks up; default: 30 days. */
  readonly recordAgeMs?: number;
}

/** The cache of a build for a platform. It holds nothing that would have to be closed. */
export type OpenCache = (platform: Platform | undefined) => Promise<BuildCache | undefined>;

/**
 * Opens a cache folder at once, since one that cannot be used ends the program before any work: throws `WRITE_FAILED` (exit 1). A cache
 * image is read when the platform of the build is known, and never ends it.
 */
export async function chooseCache(choice: CacheChoice, locator: Locator, ctx: Context): Promise<OpenCache> {
  const { cacheDir, cacheImage, execEnv, recordAgeMs } = choice;
  if (cacheDir !== undefined) {
    const folder = await openFolderCache(cacheDir, ctx, {
      execEnv,
      ...(recordAgeMs === undefined ? {} : { recordAgeMs }),
    });
    return () => Promise.resolve(folder);
  }
  if (cacheImage === undefined) return () => Promise.resolve(undefined);
  const { location, name } = cacheImage;
  const openSink = (inner: Context) => locator.openSink(location, inner);
  return (platform) => openImageCache({ location, name, images: locator, openSink }, ctx, { platform, execEnv });
}

/** The platform that analyzed.toml names. */
export function targetPlatform(target: TargetMetadata | undefined): Platform | undefined {
  if (target === undefined) return undefined;
  const { os, arch, archVariant } = target;
  return { os, architecture: arch, ...(archVariant === undefined ? {} : { variant: archVariant }) };
}
