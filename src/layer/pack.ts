import type { Context } from '../core/context.ts';
import { parseDiffId } from '../oci/digest.ts';
import { layerMediaType, type MediaFamily } from '../oci/media-types.ts';
import type { Layer } from '../ports/blob.ts';
import type { BlobStaging, StagedBlob } from '../ports/store.ts';
import { openBlobPart, type BlobPart } from './blob-part.ts';
import { openBlobWriter } from './blob-writer.ts';
import type { Compression } from './compression.ts';
import type { LayerSource } from './layer-source.ts';
import { sharedSlabs } from './slab.ts';
import { writeTar } from './tar-writer.ts';

/** One or more. */
type Some<T> = readonly [T, ...T[]];

export interface PackedLayer {
  /** The new blobs, one a compression and in that order, and their diffID; origins are empty. */
  readonly layers: Some<Layer>;
  /** Bytes of the uncompressed tar. */
  readonly tarSize: number;
}

export interface PackOptions {
  /** All different. */
  readonly compressions: Some<Compression>;
  /** Where blobs of a compression are kept, when not where the others are. */
  readonly stagings?: ReadonlyMap<Compression, BlobStaging>;
  /** Family of the media type: the base manifest's (design §5). */
  readonly family: MediaFamily;
}

/** One compression's blob on its way. */
interface Making {
  readonly compression: Compression;
  readonly staged: StagedBlob;
  readonly part: BlobPart;
}

/**
 * Makes a layer's blobs in one pass: tar → diffID → compression → digest → staging (performance.md §9). The files are read and hashed
 * once whatever the number of compressions. The uncompressed tar exists in slabs only; memory does not grow with the layer. A blob's
 * bytes depend on the tar and on its compression (see `BLOCK_FORMAT`), never on threads. Nothing is visible in the staging area unless
 * the whole tar was written.
 *
 * Throws `FILE_NOT_FOUND`, `FILE_NOT_READABLE`, `FILE_CHANGED`, what the staging area throws, and the signal's reason.
 */
export async function packLayer(
  source: LayerSource,
  staging: BlobStaging,
  ctx: Context,
  { compressions, family, stagings }: PackOptions,
): Promise<PackedLayer> {
  const slabs = sharedSlabs();
  const opened: StagedBlob[] = [];
  const begin = (compression: Compression): Making => {
    const staged = (stagings?.get(compression) ?? staging).begin();
    opened.push(staged);
    return { compression, staged, part: openBlobPart(staged, compression, slabs) };
  };
  try {
    const [first, ...others] = compressions;
    const making: Some<Making> = [begin(first), ...others.map(begin)];
    const parts = making.map(({ part }) => part);
    const writer = openBlobWriter(parts, slabs);
    let tarSize: number;
    try {
      tarSize = await writeTar(source, writer, ctx);
    } finally {
      await writer.close();
    }
    const tarDigest = writer.result();
    const commit = async ({ compression, staged, part }: Making): Promise<Layer> => {
      const { digest, size } = part.result(tarDigest);
      const mediaType = layerMediaType(family, compression.codec);
      const blob = await staged.commit({ mediaType, digest, size });
      return { ...blob, diffId: parseDiffId(tarDigest), origins: [] };
    };
    const [head, ...rest] = making;
    return { layers: await Promise.all([commit(head), ...rest.map(commit)]), tarSize };
  } catch (error) {
    for (const staged of opened) staged.abort();
    throw error;
  }
}
