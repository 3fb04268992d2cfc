import type { Context } from '../core/context.ts';
import { hasCode } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageIndex, RawManifest } from '../oci/manifest.ts';
import { isIndexType } from '../oci/media-types.ts';
import type { Platform } from '../oci/platform.ts';
import type { ImageSource } from '../ports/store.ts';
import { readConfig } from './read-image.ts';
import { readChild, type ReadManifest } from './read-manifest.ts';

/** One image of an index, with the platform it is for. */
export interface Offer {
  readonly descriptor: Descriptor;
  readonly platform: Platform;
  /** The manifest, when it had to be read to learn the platform. */
  readonly read?: ReadManifest;
}

export interface NamedIndex {
  readonly raw: RawManifest;
  readonly index: ImageIndex;
}

/** Deeper nesting is nobody's image. */
const MAX_DEPTH = 8;

/**
 * The images of an index and of the indexes in it, in the order in which they are listed. Attestations are left out; a descriptor
 * without platform is judged by its config. A nested index or a config that is missing or no image is passed over: only the
 * chosen image must be there.
 */
export async function listOffers(
  source: ImageSource,
  named: NamedIndex,
  subject: string,
  ctx: Context,
): Promise<readonly Offer[]> {
  const seen = new Set<Digest>([named.raw.descriptor.digest]);
  const offers: Offer[] = [];
  const visit = async (index: ImageIndex, depth: number): Promise<void> => {
    for (const descriptor of index.manifests) {
      if (seen.has(descriptor.digest) || isAttestation(descriptor)) continue;
      seen.add(descriptor.digest);
      if (descriptor.platform !== undefined && !isIndexType(descriptor.mediaType)) {
        offers.push({ descriptor, platform: descriptor.platform });
        continue;
      }
      const child = await readIfThere(source, descriptor, subject, ctx);
      if (child === undefined) continue;
      const { decoded } = child;
      if (decoded.kind === 'index') {
        if (depth < MAX_DEPTH) await visit(decoded, depth + 1);
        continue;
      }
      const platform = descriptor.platform ?? (await platformOfConfig(source, decoded.config, subject, ctx));
      if (platform !== undefined) offers.push({ descriptor, platform, read: child });
    }
  };
  await visit(named.index, 1);
  return offers;
}

/** True for the entries that BuildKit lists beside images: provenance and SBOMs, and anything of platform unknown/unknown. */
export function isAttestation(descriptor: Descriptor): boolean {
  if (descriptor.annotations?.['vnd.docker.reference.type'] !== undefined) return true;
  const { platform } = descriptor;
  return platform?.os === 'unknown' && platform.architecture === 'unknown';
}

async function readIfThere(
  source: ImageSource,
  descriptor: Descriptor,
  subject: string,
  ctx: Context,
): Promise<ReadManifest | undefined> {
  try {
    return await readChild(source, descriptor, subject, ctx);
  } catch (error) {
    if (hasCode(error, 'IMAGE_NOT_FOUND', 'BLOB_NOT_FOUND', 'MEDIA_TYPE_UNSUPPORTED')) return undefined;
    throw error;
  }
}

async function platformOfConfig(
  source: ImageSource,
  config: Descriptor,
  subject: string,
  ctx: Context,
): Promise<Platform | undefined> {
  try {
    const { platform } = (await readConfig(source, config, subject, ctx)).config;
    return platform.os === '' || platform.architecture === '' ? undefined : platform;
  } catch (error) {
    if (hasCode(error, 'IMAGE_INVALID', 'BLOB_NOT_FOUND', 'MEDIA_TYPE_UNSUPPORTED')) return undefined;
    throw error;
  }
}
