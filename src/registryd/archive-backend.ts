import { SlipwayError } from '../core/errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ImageSource, Lister } from '../ports/store.ts';
import { walkImage } from '../store/walk.ts';
import type { Context } from '../core/context.ts';
import type { ByteRange, RegistryBackend } from './backend.ts';
import { servedImages } from './served-images.ts';

/**
 * An archive as a registry that is only read (`oci-archive:`, `docker-archive:`); entries without a repository are in `folder`. What a
 * push would change answers `NOT_SUPPORTED`.
 */
export function archiveBackend(source: ImageSource & Lister, folder: string): RegistryBackend {
  const images = servedImages(source, folder);
  const sizes = sizesOf(source);
  const refuse = (): Promise<never> =>
    Promise.reject(new SlipwayError('NOT_SUPPORTED', `${source.description} is only read`));
  return {
    description: source.description,
    repositories: async (ctx) => [...new Set((await images.entries(ctx)).map(({ repository }) => repository))].sort(),
    tags: async (repository, ctx) => {
      const own = (await images.entries(ctx)).filter((item) => item.repository === repository);
      return own.length === 0 ? undefined : own.flatMap(({ tag }) => (tag === undefined ? [] : [tag])).sort();
    },
    blobSize: async (repository, digest, ctx) =>
      (await images.reaches(repository, digest, ctx)) ? (await sizes(ctx)).get(digest)?.size : undefined,
    readBlob: (digest, range, ctx) => readRange(source, digest, { range, sizes }, ctx),
    mountBlob: refuse,
    beginBlob: refuse,
    deleteBlob: refuse,
    manifest: (repository, target, ctx) => images.manifest(repository, target, ctx),
    putManifest: refuse,
    referrers: (repository, subject, ctx) => images.referrers(repository, subject, ctx),
    deleteManifest: refuse,
  };
}

type Sizes = (ctx: Context) => Promise<ReadonlyMap<Digest, Descriptor>>;

/** Descriptors of everything in the archive, which does not change while it is open; read once. */
function sizesOf(source: ImageSource & Lister): Sizes {
  let found: Promise<ReadonlyMap<Digest, Descriptor>> | undefined;
  const read = async (ctx: Context): Promise<ReadonlyMap<Digest, Descriptor>> => {
    const known = new Map<Digest, Descriptor>();
    for (const { name, descriptor } of await source.list(ctx)) {
      const walked = await walkImage(source, name ?? descriptor.digest, ctx);
      const manifests = walked.manifests.map((manifest) => manifest.descriptor);
      for (const each of [...walked.blobs, ...manifests]) known.set(each.digest, each);
    }
    return known;
  };
  return (ctx) => (found ??= read(ctx));
}

async function* readRange(
  source: ImageSource,
  digest: Digest,
  { range, sizes }: { readonly range: ByteRange; readonly sizes: Sizes },
  ctx: Context,
): AsyncGenerator<Uint8Array, void, undefined> {
  const descriptor = (await sizes(ctx)).get(digest);
  if (descriptor === undefined) throw new SlipwayError('BLOB_NOT_FOUND', `there is no blob ${digest}`);
  let position = 0;
  for await (const chunk of source.open(descriptor, ctx)) {
    const start = Math.max(0, range.start - position);
    const end = Math.min(chunk.byteLength, range.end + 1 - position);
    position += chunk.byteLength;
    if (start < end) yield chunk.subarray(start, end);
    if (position > range.end) return;
  }
}
