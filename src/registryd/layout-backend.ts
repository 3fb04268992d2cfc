import { streamOf } from '../core/bytes.ts';
import type { Context } from '../core/context.ts';
import { hasCode, SlipwayError } from '../core/errors.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import { decodeManifest, type RawManifest } from '../oci/manifest.ts';
import type { StoreEntry } from '../ports/store.ts';
import { BlobDirectory } from '../store/blob-directory.ts';
import { openLayoutSink } from '../store/layout/layout-sink.ts';
import { openLayout } from '../store/layout/layout-source.ts';
import { readFileStream } from '../store/read-file-stream.ts';
import type { RegistryBackend } from './backend.ts';
import { servedEntries, type ServedEntry } from './layout-names.ts';

/** Blobs do not say what they are; the manifests that name them do. */
const BLOB_TYPE = 'application/octet-stream';

/**
 * An OCI layout directory as a registry: reads follow `index.json` as it is at that moment, so other programs may write to it; a push
 * writes blobs at once and a `REPO:TAG` entry per tag. What a push has put and no tag names yet is known until the server stops.
 */
export function layoutBackend(directory: string): RegistryBackend {
  const source = openLayout(directory);
  const blobs = new BlobDirectory(directory);
  const pushed = new Map<string, Set<Digest>>();
  const reached = new Map<Digest, ReadonlySet<Digest>>();
  const made = new Map<Digest, RawManifest>();

  const note = (repository: string, digest: Digest): void => {
    const known = pushed.get(repository) ?? new Set();
    pushed.set(repository, known.add(digest));
  };
  const served = async (ctx: Context): Promise<readonly ServedEntry[]> => {
    try {
      return servedEntries(directory, await source.list(ctx));
    } catch (error) {
      if (hasCode(error, 'IMAGE_NOT_FOUND')) return [];
      throw error;
    }
  };
  const resolveEntry = async (entry: StoreEntry, ctx: Context): Promise<RawManifest> => {
    const raw = await source.resolve(entry.name ?? entry.descriptor.digest, ctx);
    if (raw.descriptor.digest !== entry.descriptor.digest) made.set(raw.descriptor.digest, raw);
    return raw;
  };
  /** Every digest below a manifest, itself included; what is missing is left out, and looked for again the next time. */
  const reach = async (digest: Digest, ctx: Context): Promise<ReadonlySet<Digest>> => {
    const known = reached.get(digest);
    if (known !== undefined) return known;
    const found = new Set<Digest>([digest]);
    const raw = await resolveIfThere(digest, ctx);
    if (raw === undefined) return found;
    const decoded = decodeManifest(raw, digest);
    let isWhole = true;
    if (decoded.kind === 'manifest') {
      for (const part of [decoded.config, ...decoded.layers]) found.add(part.digest);
    } else {
      for (const child of decoded.manifests) {
        for (const below of await reach(child.digest, ctx)) found.add(below);
        isWhole &&= reached.has(child.digest);
      }
    }
    if (isWhole) reached.set(digest, found);
    return found;
  };
  const resolveIfThere = async (digest: Digest, ctx: Context): Promise<RawManifest | undefined> => {
    try {
      return made.get(digest) ?? (await source.resolve(digest, ctx));
    } catch (error) {
      if (hasCode(error, 'IMAGE_NOT_FOUND', 'IMAGE_INVALID', 'MEDIA_TYPE_UNSUPPORTED')) return undefined;
      throw error;
    }
  };
  const isVisible = async (repository: string, digest: Digest, ctx: Context): Promise<boolean> => {
    if (pushed.get(repository)?.has(digest) === true) return true;
    for (const { entry } of (await served(ctx)).filter((item) => item.repository === repository)) {
      if (entry.descriptor.digest === digest || (await reach(entry.descriptor.digest, ctx)).has(digest)) return true;
    }
    return false;
  };

  return {
    description: source.description,
    repositories: async (ctx) => [...new Set((await served(ctx)).map(({ repository }) => repository))].sort(),
    tags: async (repository, ctx) => {
      const tags = (await served(ctx)).filter((item) => item.repository === repository).map(({ tag }) => tag);
      return tags.length === 0 && !pushed.has(repository) ? undefined : tags.sort();
    },
    blobSize: async (repository, digest, ctx) =>
      (await isVisible(repository, digest, ctx)) ? blobs.size(digest) : undefined,
    readBlob: (digest, { start, end }, ctx) =>
      readFileStream(blobs.path(digest), { offset: start, length: end - start + 1, signal: ctx.signal }),
    mountBlob: async (repository, digest, from, ctx) => {
      const isThere = (await isVisible(from, digest, ctx)) && (await blobs.size(digest)) !== undefined;
      if (isThere) note(repository, digest);
      return isThere;
    },
    beginBlob: () => {
      const staged = blobs.begin();
      return Promise.resolve({
        write: staged.write,
        commit: async (repository: string, digest: Digest, size: number) => {
          await staged.commit({ mediaType: BLOB_TYPE, digest, size });
          note(repository, digest);
        },
        abort: staged.abort,
      });
    },
    deleteBlob: () => Promise.reject(cannotDelete(directory)),
    manifest: async (repository, target, ctx) => {
      if (isDigest(target))
        return (await isVisible(repository, target, ctx)) ? resolveIfThere(target, ctx) : made.get(target);
      const found = (await served(ctx)).find((item) => item.repository === repository && item.tag === target);
      return found === undefined ? undefined : resolveEntry(found.entry, ctx);
    },
    putManifest: async (repository, tag, manifest, ctx) => {
      note(repository, manifest.descriptor.digest);
      if (tag === undefined) {
        await blobs.put({ descriptor: manifest.descriptor, open: () => streamOf(manifest.bytes) }, ctx);
        return;
      }
      await using sink = await openLayoutSink(directory, `${repository}:${tag}`, ctx);
      await sink.putManifest(manifest, ctx);
      sink.tag(undefined, manifest.descriptor);
      await sink.commit(ctx);
    },
    deleteManifest: () => Promise.reject(cannotDelete(directory)),
  };
}

function cannotDelete(directory: string): SlipwayError {
  return new SlipwayError('NOT_SUPPORTED', `deleting from the layout ${directory} over HTTP is not supported`);
}
