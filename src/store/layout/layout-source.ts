import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { collect } from '../../core/bytes.ts';
import type { Context } from '../../core/context.ts';
import { hasCode, isSystem, SlipwayError } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { isDigest, type Digest } from '../../oci/digest.ts';
import { displayLocation } from '../../oci/location.ts';
import { decodeManifest, parseJson, type RawManifest } from '../../oci/manifest.ts';
import { ANY_BYTES } from '../../oci/media-types.ts';
import type { BlobFinder, ImageSource, Lister, RangeReader, ReferrerLister } from '../../ports/store.ts';
import { isObject } from '../../schema/reader.ts';
import { BlobDirectory } from '../blob-directory.ts';
import { decodeIndexJson, findEntry, MAX_INDEX_JSON_BYTES, storeEntries, type IndexJson } from '../index-json.ts';
import { checkManifestSize } from '../read-manifest.ts';
import { referrersIn } from '../referrers.ts';

/**
 * An OCI layout directory (image-spec, image-layout.md) with any number of images and names. Nothing is read or checked before a
 * function is called; `index.json` is read anew each time. A missing layout is `IMAGE_NOT_FOUND`, a broken one `STORE_INVALID`.
 */
export function openLayout(directory: string): ImageSource & Lister & RangeReader & ReferrerLister & BlobFinder {
  const blobs = new BlobDirectory(directory);
  const description = displayLocation({ kind: 'oci', dir: directory });
  const source: ImageSource & Lister = {
    description,
    has: (descriptor) => blobs.has(descriptor),
    open: (descriptor, ctx) => blobs.open(descriptor, ctx.signal),
    resolve: async (name, ctx) => {
      const { entries } = await readIndexJson(directory);
      if (name !== undefined && isDigest(name)) {
        const listed = entries.find((entry) => entry.digest === name);
        return readByDigest({ blobs, description, digest: name, listed }, ctx);
      }
      const found = findEntry(entries, name, description);
      return found.kind === 'several' ? found.index : readManifestBlob(blobs, found.descriptor, ctx);
    },
    list: async () => storeEntries((await readIndexJson(directory)).entries),
  };
  return {
    ...source,
    openAt: (descriptor, offset, ctx) => blobs.openAt(descriptor, offset, ctx.signal),
    referrers: (subject, ctx, options) => referrersIn(source, subject, ctx, options),
    findBlob: async (digest) => {
      const size = await blobs.size(digest);
      return size === undefined ? undefined : { mediaType: ANY_BYTES, digest, size };
    },
  };
}

/** The layout's `index.json`. Throws `IMAGE_NOT_FOUND` when there is no layout, `STORE_INVALID` when it cannot be one. */
export async function readIndexJson(directory: string): Promise<IndexJson> {
  const path = join(directory, 'index.json');
  await checkVersion(directory);
  const bytes = await readOptional(path);
  if (bytes === undefined) {
    if ((await pathKind(directory)) === 'file') {
      throw new SlipwayError('STORE_INVALID', `${directory} is a file, not an OCI layout directory`, {
        hint: 'an archive is read with oci-archive:FILE or docker-archive:FILE',
      });
    }
    throw new SlipwayError('IMAGE_NOT_FOUND', `there is no OCI layout in ${directory}`, {
      details: { missing: path },
    });
  }
  return decodeIndexJson(bytes, path);
}

interface ByDigest {
  readonly blobs: BlobDirectory;
  readonly description: string;
  readonly digest: Digest;
  readonly listed: Descriptor | undefined;
}

async function readByDigest(wanted: ByDigest, ctx: Context): Promise<RawManifest> {
  const { blobs, description, digest, listed } = wanted;
  const size = await blobs.size(digest);
  if (size === undefined) {
    throw new SlipwayError('IMAGE_NOT_FOUND', `there is no manifest ${digest} in ${description}`, {
      details: { missing: blobs.path(digest) },
    });
  }
  return readManifestBlob(blobs, { mediaType: listed?.mediaType ?? '', digest, size: listed?.size ?? size }, ctx);
}

/** A manifest blob, its media type from the body where the descriptor has none. */
async function readManifestBlob(blobs: BlobDirectory, listed: Descriptor, ctx: Context): Promise<RawManifest> {
  const path = blobs.path(listed.digest);
  checkManifestSize(listed.size, path);
  const descriptor: Descriptor = { mediaType: listed.mediaType, digest: listed.digest, size: listed.size };
  const bytes = await collect(blobs.open(descriptor, ctx.signal), listed.size, path);
  if (descriptor.mediaType !== '') return { descriptor, bytes };
  const { mediaType } = decodeManifest({ descriptor, bytes }, path);
  return { descriptor: { ...descriptor, mediaType }, bytes };
}

async function checkVersion(directory: string): Promise<void> {
  const path = join(directory, 'oci-layout');
  const bytes = await readOptional(path);
  // Tools forget this file; what counts is that no other version is stated.
  if (bytes === undefined) return;
  const value = parseVersion(bytes, path);
  const version = isObject(value) ? value['imageLayoutVersion'] : undefined;
  if (typeof version !== 'string' || !version.startsWith('1.')) {
    const found = typeof version === 'string' ? `has the layout version "${version}"` : 'has no layout version';
    throw new SlipwayError('STORE_INVALID', `${path} ${found}; 1.0.0 was expected`);
  }
}

function parseVersion(bytes: Uint8Array, path: string): unknown {
  try {
    return parseJson(bytes, path);
  } catch (error) {
    if (!hasCode(error, 'IMAGE_INVALID')) throw error;
    throw new SlipwayError('STORE_INVALID', error.message, { cause: error });
  }
}

async function readOptional(path: string): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(path);
    if (size > MAX_INDEX_JSON_BYTES)
      throw new SlipwayError('STORE_INVALID', `${path} is larger than ${String(MAX_INDEX_JSON_BYTES)} bytes`);
    return await readFile(path);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (isSystem(error, 'EACCES', 'EPERM', 'EISDIR', 'EIO', 'ELOOP'))
      throw new SlipwayError('FILE_NOT_READABLE', `cannot read ${path}`, { cause: error });
    throw error;
  }
}
