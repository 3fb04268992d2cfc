import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../core/context.ts';
import { isSystem } from '../core/errors.ts';
import { isDigest, type Digest } from '../oci/digest.ts';
import type { ImageSource, Lister, StoreEntry } from '../ports/store.ts';
import { BlobDirectory } from '../store/blob-directory.ts';
import { folderRepository } from '../store/image-names.ts';
import { openLayout } from '../store/layout/layout-source.ts';
import { readFileStream } from '../store/read-file-stream.ts';
import type { RegistryBackend } from './backend.ts';
import { removeManifest, writeManifest } from './layout-edits.ts';
import { servedImages } from './served-images.ts';

/** Blobs do not say what they are; the manifests that name them do. */
const BLOB_TYPE = 'application/octet-stream';

/**
 * An OCI layout directory as a registry: reads follow `index.json` as it is at that moment, so other programs may write to it. A push
 * writes blobs at once, a `REPO:TAG` entry per tag, and an entry with the repository as annotation per manifest without one. Blobs that
 * no manifest names yet, and deleted ones that a manifest still names, are known until the server stops; no bytes are ever removed here.
 */
export function layoutBackend(directory: string): RegistryBackend {
  const folder = folderRepository(directory);
  const images = servedImages(rememberingList(directory), folder);
  const blobs = new BlobDirectory(directory);
  const pushed = new Map<string, Set<Digest>>();
  const deleted = new Map<string, Set<Digest>>();

  const note = (repository: string, digest: Digest): void => {
    addTo(pushed, repository, digest);
    deleted.get(repository)?.delete(digest);
  };
  const forget = (repository: string, digest: Digest): void => {
    addTo(deleted, repository, digest);
    pushed.get(repository)?.delete(digest);
  };
  const isVisible = async (repository: string, digest: Digest, ctx: Context): Promise<boolean> => {
    if (deleted.get(repository)?.has(digest) === true) return false;
    return pushed.get(repository)?.has(digest) === true || images.reaches(repository, digest, ctx);
  };

  return {
    description: openLayout(directory).description,
    repositories: async (ctx) => [...new Set((await images.entries(ctx)).map(({ repository }) => repository))].sort(),
    tags: async (repository, ctx) => {
      const own = (await images.entries(ctx)).filter((item) => item.repository === repository);
      if (own.length === 0 && !pushed.has(repository)) return undefined;
      return own.flatMap(({ tag }) => (tag === undefined ? [] : [tag])).sort();
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
        ...staged,
        commit: async (repository: string, digest: Digest, size: number) => {
          await staged.commit({ mediaType: BLOB_TYPE, digest, size });
          note(repository, digest);
        },
      });
    },
    deleteBlob: async (repository, digest, ctx) => {
      const isThere = (await isVisible(repository, digest, ctx)) && (await blobs.size(digest)) !== undefined;
      if (isThere) forget(repository, digest);
      return isThere;
    },
    manifest: async (repository, target, ctx) => {
      if (!isDigest(target)) return images.manifest(repository, target, ctx);
      return (await isVisible(repository, target, ctx)) ? images.read(target, ctx) : undefined;
    },
    putManifest: async (repository, tag, manifest, ctx) => {
      const place = tag === undefined ? { repository } : { repository, tag };
      await writeManifest({ directory, folder, blobs }, place, manifest, ctx);
      note(repository, manifest.descriptor.digest);
    },
    referrers: async (repository, subject, ctx) => {
      const gone = deleted.get(repository);
      return (await images.referrers(repository, subject, ctx)).filter(({ digest }) => gone?.has(digest) !== true);
    },
    deleteManifest: async (repository, target, ctx) => {
      const layout = { directory, folder, blobs };
      if (!isDigest(target)) return removeManifest(layout, { repository, tag: target }, ctx);
      if (!(await isVisible(repository, target, ctx)) || (await images.read(target, ctx)) === undefined) return false;
      await removeManifest(layout, { repository, digest: target }, ctx);
      forget(repository, target);
      return true;
    },
  };
}

function addTo(sets: Map<string, Set<Digest>>, repository: string, digest: Digest): void {
  const known = sets.get(repository) ?? new Set();
  sets.set(repository, known.add(digest));
}

/** The layout, with its list read again only when `index.json` is another file than the last time. */
function rememberingList(directory: string): ImageSource & Lister {
  const source = openLayout(directory);
  let last: { readonly version: string; readonly entries: readonly StoreEntry[] } | undefined;
  return {
    ...source,
    list: async (ctx) => {
      const version = await versionOf(join(directory, 'index.json'));
      if (last?.version === version) return last.entries;
      const entries = await source.list(ctx);
      last = { version, entries };
      return entries;
    },
  };
}

/** Changes with every rename over the file, and with every write to it that its clock can tell apart. */
async function versionOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return 'missing';
    throw error;
  }
}
