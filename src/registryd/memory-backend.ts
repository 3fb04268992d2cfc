import { streamOf } from '../core/bytes.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import { decodeManifest, type RawManifest } from '../oci/manifest.ts';
import type { RegistryBackend } from './backend.ts';
import { referrerOf } from '../oci/referrer.ts';

interface MemoryRepository {
  readonly blobs: Set<Digest>;
  readonly manifests: Map<Digest, RawManifest>;
  readonly tags: Map<string, Digest>;
}

/** A registry that lives as long as the process. */
export function memoryBackend(): RegistryBackend {
  const bytes = new Map<Digest, Uint8Array>();
  const repositories = new Map<string, MemoryRepository>();
  const open = (name: string): MemoryRepository => {
    const repository = repositories.get(name) ?? { blobs: new Set(), manifests: new Map(), tags: new Map() };
    repositories.set(name, repository);
    return repository;
  };
  const find = (name: string, target: string | Digest): RawManifest | undefined => {
    const repository = repositories.get(name);
    const digest = isDigest(target) ? target : repository?.tags.get(target);
    return digest === undefined ? undefined : repository?.manifests.get(digest);
  };
  return {
    description: 'memory',
    repositories: () =>
      Promise.resolve([...repositories].flatMap(([name, { manifests }]) => (manifests.size > 0 ? [name] : [])).sort()),
    tags: (name) => {
      const repository = repositories.get(name);
      return Promise.resolve(
        repository === undefined || (repository.manifests.size === 0 && repository.blobs.size === 0)
          ? undefined
          : [...repository.tags.keys()].sort(),
      );
    },
    blobSize: (name, digest) => {
      const isVisible = repositories.get(name)?.blobs.has(digest) === true;
      return Promise.resolve(isVisible ? bytes.get(digest)?.byteLength : undefined);
    },
    readBlob: (digest, { start, end }) => streamOf((bytes.get(digest) ?? new Uint8Array()).subarray(start, end + 1)),
    mountBlob: (name, digest, from) => {
      const isThere = repositories.get(from)?.blobs.has(digest) === true;
      if (isThere) open(name).blobs.add(digest);
      return Promise.resolve(isThere);
    },
    beginBlob: () => {
      let chunks: Uint8Array[] = [];
      return Promise.resolve({
        write: (chunk: Uint8Array) => void chunks.push(Uint8Array.from(chunk)),
        read: () => streamOf(Buffer.concat(chunks)),
        commit: (name: string, digest: Digest) => {
          if (!bytes.has(digest)) bytes.set(digest, Buffer.concat(chunks));
          chunks = [];
          open(name).blobs.add(digest);
          return Promise.resolve();
        },
        abort: () => void (chunks = []),
      });
    },
    deleteBlob: (name, digest) => Promise.resolve(repositories.get(name)?.blobs.delete(digest) === true),
    manifest: (name, target) => Promise.resolve(find(name, target)),
    putManifest: (name, tag, manifest) => {
      const repository = open(name);
      repository.manifests.set(manifest.descriptor.digest, manifest);
      if (tag !== undefined) repository.tags.set(tag, manifest.descriptor.digest);
      return Promise.resolve();
    },
    referrers: (name, subject) => {
      const manifests = [...(repositories.get(name)?.manifests.values() ?? [])];
      const read = manifests.map((raw) => ({ raw, decoded: decodeManifest(raw, raw.descriptor.digest) }));
      const found = read.filter(({ decoded }) => decoded.subject?.digest === subject);
      return Promise.resolve(found.map(({ raw, decoded }) => referrerOf(raw, decoded)));
    },
    deleteManifest: (name, target) => {
      const repository = repositories.get(name);
      if (repository === undefined) return Promise.resolve(false);
      if (!isDigest(target)) return Promise.resolve(repository.tags.delete(target));
      for (const [tag, digest] of repository.tags) if (digest === target) repository.tags.delete(tag);
      return Promise.resolve(repository.manifests.delete(target));
    },
  };
}
