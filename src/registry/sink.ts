import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import { isTag } from '../oci/reference.ts';
import type { Blob } from '../ports/blob.ts';
import type { ImageSink, PutOptions, PutOutcome } from '../ports/store.ts';
import { hasBlob } from './blobs.ts';
import { putReferring } from './referrers-fallback.ts';
import type { RepositoryAccess } from './repository-access.ts';

/** A push: blobs go at once, manifests and tags wait for `commit`. */
export function createSink(
  access: RepositoryAccess,
  ownTag: string,
  put: (blob: Blob, ctx: Context, options?: PutOptions) => Promise<PutOutcome>,
): ImageSink {
  const manifests = new Map<Digest, RawManifest>();
  const tags = new Map<string, Digest>();
  const outcomes = new Map<Digest, PutOutcome>();
  return {
    description: `${access.description}:${ownTag}`,
    has: (descriptor, ctx) => hasBlob(access, descriptor, ctx),
    put: async (blob, ctx, options) => {
      const outcome = await put(blob, ctx, options);
      if (!outcomes.has(blob.descriptor.digest)) outcomes.set(blob.descriptor.digest, outcome);
      return outcome;
    },
    putManifest: (manifest) => {
      manifests.set(manifest.descriptor.digest, manifest);
      return Promise.resolve();
    },
    tag: (name, descriptor: Descriptor) => {
      const tag = name ?? ownTag;
      if (!isTag(tag)) throw new SlipwayError('REFERENCE_INVALID', `"${tag}" is not a tag of a registry`);
      tags.set(tag, descriptor.digest);
    },
    commit: async (ctx) => {
      await pushManifests(access, manifests, tags, ctx);
      const written = [...outcomes.values()].filter((outcome) => outcome === 'written').length;
      return { blobsWritten: written, blobsTotal: outcomes.size };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** In the order in which they were staged, children before their index; what has a tag last, and under its tags only. */
async function pushManifests(
  access: RepositoryAccess,
  manifests: ReadonlyMap<Digest, RawManifest>,
  tags: ReadonlyMap<string, Digest>,
  ctx: Context,
): Promise<void> {
  const tagged = new Set(tags.values());
  for (const [digest, manifest] of manifests)
    if (!tagged.has(digest)) await putReferring(access, digest, manifest, ctx);
  for (const [tag, digest] of tags) {
    const manifest = manifests.get(digest);
    if (manifest === undefined)
      throw new SlipwayError('INTERNAL', `${access.description}:${tag} was tagged before its manifest was put`);
    await putReferring(access, tag, manifest, ctx);
  }
}
