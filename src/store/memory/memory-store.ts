import { collect, streamOf } from '../../core/bytes.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import type { RawManifest } from '../../oci/manifest.ts';
import { ANY_BYTES } from '../../oci/media-types.ts';
import type { Blob } from '../../ports/blob.ts';
import type {
  BlobFinder,
  CommitResult,
  ImageSink,
  ImageSource,
  Lister,
  PutOutcome,
  StoreEntry,
} from '../../ports/store.ts';
import { verifyBytes, verifyStream } from '../../oci/verify-stream.ts';

/** What one repository holds. */
class Repository {
  readonly blobs = new Map<Digest, Uint8Array>();
  readonly manifests = new Map<Digest, RawManifest>();
  readonly tags = new Map<string, Digest>();
}

/** Repositories in memory: for tests, and for images that live no longer than the process. */
export class MemoryStore {
  readonly #repositories = new Map<string, Repository>();

  repository(name: string): ImageSource & Lister & BlobFinder {
    const description = `memory:${name}`;
    const find = (): Repository => this.#of(name);
    return {
      description,
      has: (descriptor) => Promise.resolve(find().blobs.get(descriptor.digest)?.byteLength === descriptor.size),
      open: (descriptor) =>
        verifyStream(read(find(), descriptor, description), descriptor, `blob ${descriptor.digest} in ${description}`),
      resolve: (target) => later(() => resolveIn(find(), target, description)),
      list: () => Promise.resolve(listOf(find())),
      findBlob: (digest) => {
        const size = find().blobs.get(digest)?.byteLength;
        return Promise.resolve(size === undefined ? undefined : { mediaType: ANY_BYTES, digest, size });
      },
    };
  }

  /** A sink that tags what it is given as `tag` when no other name is said. */
  openSink(name: string, tag: string): ImageSink {
    const repository = this.#of(name);
    const manifests = new Map<Digest, RawManifest>();
    const tags = new Map<string, Digest>();
    const counts = { written: 0, total: 0 };
    return {
      description: `memory:${name}:${tag}`,
      has: (descriptor) => Promise.resolve(repository.blobs.has(descriptor.digest)),
      put: async (blob, ctx) => {
        const outcome = await putIn(repository, blob, ctx);
        counts.total += 1;
        if (outcome === 'written') counts.written += 1;
        return outcome;
      },
      putManifest: (manifest) =>
        later(() => {
          verifyBytes(manifest.bytes, manifest.descriptor, `manifest ${manifest.descriptor.digest}`);
          manifests.set(manifest.descriptor.digest, manifest);
        }),
      tag: (other, descriptor) => void tags.set(other ?? tag, descriptor.digest),
      commit: (): Promise<CommitResult> => {
        for (const [digest, manifest] of manifests) repository.manifests.set(digest, manifest);
        for (const [other, digest] of tags) repository.tags.set(other, digest);
        return Promise.resolve({ blobsWritten: counts.written, blobsTotal: counts.total });
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  #of(name: string): Repository {
    const repository = this.#repositories.get(name) ?? new Repository();
    this.#repositories.set(name, repository);
    return repository;
  }
}

async function* read(
  repository: Repository,
  descriptor: Descriptor,
  description: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const bytes = repository.blobs.get(descriptor.digest);
  if (bytes === undefined)
    throw new SlipwayError('BLOB_NOT_FOUND', `blob ${descriptor.digest} is not in ${description}`);
  yield* streamOf(bytes);
}

/** What is thrown becomes a rejection. */
async function later<T>(task: () => T): Promise<T> {
  await Promise.resolve();
  return task();
}

async function putIn(repository: Repository, blob: Blob, ctx: Context): Promise<PutOutcome> {
  const { descriptor } = blob;
  if (repository.blobs.has(descriptor.digest)) return 'existed';
  const subject = `blob ${descriptor.digest}`;
  const bytes = await collect(verifyStream(blob.open(ctx.signal), descriptor, subject), descriptor.size, subject);
  repository.blobs.set(descriptor.digest, bytes);
  return 'written';
}

function resolveIn(repository: Repository, target: string | undefined, description: string): RawManifest {
  const only = repository.tags.size === 1 ? [...repository.tags.keys()][0] : undefined;
  const name = target ?? only;
  const digest = name === undefined ? undefined : isDigest(name) ? name : repository.tags.get(name);
  const manifest = digest === undefined ? undefined : repository.manifests.get(digest);
  if (manifest !== undefined) return manifest;
  const names = [...repository.tags.keys()].sort().join(', ');
  if (name === undefined && repository.tags.size > 1)
    throw new SlipwayError('IMAGE_AMBIGUOUS', `${description} holds several images`, { details: { names } });
  throw new SlipwayError('IMAGE_NOT_FOUND', `there is no image ${name ?? ''} in ${description}`, {
    details: { names },
  });
}

function listOf(repository: Repository): readonly StoreEntry[] {
  return [...repository.tags].sort().flatMap(([name, digest]) => {
    const descriptor: Descriptor | undefined = repository.manifests.get(digest)?.descriptor;
    return descriptor === undefined ? [] : [{ name, descriptor }];
  });
}
