import type { Context } from '../core/context.ts';
import type { Locator } from '../locate/locator.ts';
import type { Location } from '../oci/location.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { Platform } from '../oci/platform.ts';
import type { ImageSource } from '../ports/store.ts';
import { targetOf } from '../store/select.ts';

export interface PlatformChoice {
  /** The manifest of that platform, where the location leads to an index. A single image that is for another one is an error. */
  readonly platform?: Platform;
}

/** What a location leads to, and the store that it is in. */
export interface FoundManifest {
  readonly source: ImageSource;
  readonly raw: RawManifest;
}

/**
 * The manifest or index behind a location: its bytes as they are, verified against its digest. Throws `IMAGE_NOT_FOUND`,
 * `IMAGE_AMBIGUOUS`, `PLATFORM_NOT_FOUND`, `STORE_INVALID`, `REGISTRY_*`.
 */
export async function imageManifest(
  location: Location,
  stores: Locator,
  ctx: Context,
  options: PlatformChoice = {},
): Promise<FoundManifest> {
  const source = await stores.openSource(location, ctx);
  if (options.platform === undefined) return { source, raw: await source.resolve(targetOf(location), ctx) };
  const image = await stores.find(location, 'image', ctx, { target: options.platform, allowEmpty: true });
  return { source, raw: image.rawManifest };
}
