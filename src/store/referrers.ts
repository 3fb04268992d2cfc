import type { Context } from '../core/context.ts';
import { hasCode } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { compareBytes } from '../oci/go-json.ts';
import { decodeManifest, type ImageIndex, type Manifest, type RawManifest } from '../oci/manifest.ts';
import { ofArtifactType, referrerOf } from '../oci/referrer.ts';
import type { ImageSource, Lister, ReferrersOptions } from '../ports/store.ts';

/**
 * The manifests of a layout or archive, and those in its indexes, whose subject is that digest, in order of their digests. What cannot
 * be read as a manifest refers to nothing.
 */
export async function referrersIn(
  source: ImageSource & Lister,
  subject: Digest,
  ctx: Context,
  options: ReferrersOptions = {},
): Promise<readonly Descriptor[]> {
  const found = new Map<Digest, Descriptor>();
  const seen = new Set<Digest>();
  const visit = async (digest: Digest): Promise<void> => {
    if (seen.has(digest)) return;
    seen.add(digest);
    const read = await readHere(source, digest, ctx);
    if (read === undefined) return;
    if (read.decoded.subject?.digest === subject) found.set(digest, referrerOf(read.raw, read.decoded));
    if (read.decoded.kind === 'index') for (const child of read.decoded.manifests) await visit(child.digest);
  };
  for (const { descriptor } of await source.list(ctx)) await visit(descriptor.digest);
  const sorted = [...found.values()].sort((a, b) => compareBytes(a.digest, b.digest));
  return ofArtifactType(sorted, options.artifactType);
}

interface Read {
  readonly raw: RawManifest;
  readonly decoded: Manifest | ImageIndex;
}

/** Undefined for a manifest that is kept elsewhere, and for what is none. */
async function readHere(source: ImageSource, digest: Digest, ctx: Context): Promise<Read | undefined> {
  try {
    const raw = await source.resolve(digest, ctx);
    return { raw, decoded: decodeManifest(raw, `manifest ${digest}`) };
  } catch (error) {
    if (hasCode(error, 'IMAGE_NOT_FOUND', 'IMAGE_INVALID', 'MEDIA_TYPE_UNSUPPORTED')) return undefined;
    throw error;
  }
}
