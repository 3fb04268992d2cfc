import { collect } from '../core/bytes.ts';
import type { Context } from '../core/context.ts';
import type { Locator } from '../locate/locator.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { displayLocation, type Location } from '../oci/location.ts';
import { decodeManifest } from '../oci/manifest.ts';
import { MAX_CONFIG_BYTES } from '../store/read-image.ts';
import { imageManifest, type PlatformChoice } from './manifest.ts';

export interface FoundConfig {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/**
 * The config of an image or artifact: its bytes as they are, verified. Of an index that of the asked platform, else of this machine's.
 * Throws as `imageManifest`, and `BLOB_NOT_FOUND`, `CONTENT_MISMATCH`.
 */
export async function imageConfig(
  location: Location,
  stores: Locator,
  ctx: Context,
  options: PlatformChoice = {},
): Promise<FoundConfig> {
  const { source, raw } = await imageManifest(location, stores, ctx, options);
  const subject = displayLocation(location);
  const decoded = decodeManifest(raw, subject);
  if (decoded.kind === 'index') {
    const image = await stores.find(location, 'image', ctx, { allowEmpty: true });
    return { descriptor: image.manifest.config, bytes: image.rawConfig };
  }
  const { config } = decoded;
  return {
    descriptor: config,
    bytes: await collect(source.open(config, ctx), MAX_CONFIG_BYTES, `config of ${subject}`),
  };
}
