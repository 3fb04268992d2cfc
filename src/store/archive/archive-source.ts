import { collect } from '../../core/bytes.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { algorithmOf, hexOf, isDigest, type Digest } from '../../oci/digest.ts';
import { decodeManifest, type RawManifest } from '../../oci/manifest.ts';
import { ANY_BYTES } from '../../oci/media-types.ts';
import type { BlobFinder, ImageSource, Lister, ReferrerLister } from '../../ports/store.ts';
import { decodeIndexJson, findEntry, MAX_INDEX_JSON_BYTES, storeEntries } from '../index-json.ts';
import { checkManifestSize } from '../read-manifest.ts';
import { referrersIn } from '../referrers.ts';
import { verifyStream } from '../../oci/verify-stream.ts';
import { openArchiveFile, type ArchiveFile, type OpenArchiveOptions } from './archive-file.ts';
import { readDockerImages, type DockerImages } from './docker-images.ts';
import type { TarRegion } from './tar-index.ts';

export type ArchiveSource = ImageSource & Lister & ReferrerLister & BlobFinder & AsyncDisposable;

/**
 * A tar of an OCI layout, or what `docker save` writes, old or new; where both are there the layout counts. Nothing is unpacked: blobs
 * are read by their offset, and the bytes stay readable when the file is replaced meanwhile.
 * Throws `IMAGE_NOT_FOUND`, `STORE_INVALID`, `ARCHIVE_INVALID`, `FILE_NOT_READABLE`.
 */
export async function openArchive(
  path: string,
  ctx: Context,
  options: OpenArchiveOptions = {},
): Promise<ArchiveSource> {
  const file = options.shown ?? path;
  const archive = await openArchiveFile(path, ctx, options);
  try {
    return sourceOf(await readContents(archive, file, ctx), archive, file);
  } catch (error) {
    await archive[Symbol.asyncDispose]();
    throw error;
  }
}

async function readContents(archive: ArchiveFile, file: string, ctx: Context): Promise<DockerImages> {
  const index = await archive.readSmall('index.json', MAX_INDEX_JSON_BYTES);
  if (index === undefined) return readDockerImages(archive, file, ctx);
  const { entries } = decodeIndexJson(index, `index.json in ${file}`);
  return { entries, manifests: new Map(), blobs: new Map() };
}

function sourceOf(contents: DockerImages, archive: ArchiveFile, file: string): ArchiveSource {
  const description = `archive ${file}`;
  const regionOf = (digest: Digest): TarRegion | undefined =>
    contents.blobs.get(digest) ?? archive.entries.get(`blobs/${algorithmOf(digest)}/${hexOf(digest)}`);
  const open = (descriptor: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array> =>
    verifyStream(
      readRegion(archive, regionOf(descriptor.digest), { digest: descriptor.digest, description, signal }),
      descriptor,
      `blob ${descriptor.digest} in ${file}`,
    );
  const readManifest = async (listed: Descriptor, ctx: Context): Promise<RawManifest> => {
    const made = contents.manifests.get(listed.digest);
    if (made !== undefined) return made;
    const subject = `manifest ${listed.digest} in ${file}`;
    checkManifestSize(listed.size, subject);
    const descriptor: Descriptor = { mediaType: listed.mediaType, digest: listed.digest, size: listed.size };
    const bytes = await collect(open(descriptor, ctx.signal), descriptor.size, subject);
    const { mediaType } = decodeManifest({ descriptor, bytes }, subject);
    return {
      bytes,
      descriptor: { ...descriptor, mediaType: descriptor.mediaType === '' ? mediaType : descriptor.mediaType },
    };
  };
  const source: ImageSource & Lister = {
    description,
    has: (descriptor) => Promise.resolve(regionOf(descriptor.digest)?.size === descriptor.size),
    open: (descriptor, ctx) => open(descriptor, ctx.signal),
    resolve: async (name, ctx) => {
      if (name === undefined || !isDigest(name)) {
        const found = findEntry(contents.entries, name, description);
        return found.kind === 'several' ? found.index : readManifest(found.descriptor, ctx);
      }
      const listed = contents.entries.find((entry) => entry.digest === name);
      const size = listed?.size ?? regionOf(name)?.size;
      if (size === undefined)
        throw new SlipwayError('IMAGE_NOT_FOUND', `there is no manifest ${name} in ${description}`);
      return readManifest({ mediaType: listed?.mediaType ?? '', digest: name, size }, ctx);
    },
    list: () => Promise.resolve(storeEntries(contents.entries)),
  };
  return {
    ...source,
    referrers: (subject, ctx, options) => referrersIn(source, subject, ctx, options),
    findBlob: (digest) => {
      const size = regionOf(digest)?.size;
      return Promise.resolve(size === undefined ? undefined : { mediaType: ANY_BYTES, digest, size });
    },
    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
  };
}

interface Wanted {
  readonly digest: Digest;
  readonly description: string;
  readonly signal: AbortSignal;
}

async function* readRegion(
  archive: ArchiveFile,
  region: TarRegion | undefined,
  wanted: Wanted,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (region === undefined)
    throw new SlipwayError('BLOB_NOT_FOUND', `blob ${wanted.digest} is not in ${wanted.description}`);
  yield* archive.read(region, wanted.signal);
}
