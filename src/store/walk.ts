import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { ImageSource } from '../ports/store.ts';
import { readChild, readManifest, type ReadManifest } from './read-manifest.ts';

/** Everything that a name reaches, each digest once. */
export interface WalkedImage {
  readonly top: RawManifest;
  /** Manifests and indexes, each after what it lists; `top` is the last. */
  readonly manifests: readonly RawManifest[];
  /** Configs and layers. */
  readonly blobs: readonly Descriptor[];
}

/** An index in an index in an index … ends here. */
const MAX_DEPTH = 8;

/** Reads every manifest that a name reaches. Throws when one is missing or malformed, or nests too deep (a cycle cannot have true digests). */
export async function walkImage(
  source: ImageSource,
  name: string | Digest | undefined,
  ctx: Context,
): Promise<WalkedImage> {
  const subject = name === undefined ? source.description : `${source.description} ${name}`;
  const manifests = new Map<Digest, RawManifest>();
  const blobs = new Map<Digest, Descriptor>();
  const seen = new Set<Digest>();
  const visit = async ({ raw, decoded }: ReadManifest, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH)
      throw new SlipwayError('IMAGE_INVALID', `${subject} nests indexes more than ${String(MAX_DEPTH)} deep`);
    seen.add(raw.descriptor.digest);
    if (decoded.kind === 'index') {
      for (const child of decoded.manifests) {
        if (!seen.has(child.digest)) await visit(await readChild(source, child, subject, ctx), depth + 1);
      }
    } else {
      for (const blob of [decoded.config, ...decoded.layers]) blobs.set(blob.digest, blob);
    }
    manifests.set(raw.descriptor.digest, raw);
  };
  const top = await readManifest(source, name, subject, ctx);
  await visit(top, 1);
  return { top: top.raw, manifests: [...manifests.values()], blobs: [...blobs.values()] };
}
