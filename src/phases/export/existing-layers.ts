import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { openTar } from '../../layer/open-tar.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { isDiffId, type Digest, type DiffId } from '../../oci/digest.ts';
import { displayLocation } from '../../oci/location.ts';
import type { Layer } from '../../ports/blob.ts';
import type { Image } from '../../ports/image.ts';
import { log } from './layer-request.ts';

/** A local store of layers: build cache or launch cache. */
interface LayerShelf {
  readonly description: string;
  readonly find: (diffId: DiffId, ctx: Context) => Promise<Layer | undefined>;
}

/** Where blobs may lie that need not be compressed again. */
export interface ExistingLayers {
  readonly previous: Image | undefined;
  readonly launchCache: LayerShelf | undefined;
  readonly cache: LayerShelf | undefined;
}

/**
 * The blob that exists for a diffID: the previous image's, so that digests stay; else the launch cache's, else the cache's, read
 * once to prove it. A stored blob that proves wrong is a warning and no candidate.
 */
export async function findExisting(
  diffId: DiffId,
  shelves: ExistingLayers,
  ctx: Context,
  options: ExistingOptions = NOTHING_PROVEN,
): Promise<Layer | undefined> {
  return (
    (await fromPrevious(diffId, shelves.previous, ctx, options)) ??
    (await fromShelf(diffId, shelves.launchCache, ctx, options)) ??
    (await fromShelf(diffId, shelves.cache, ctx, options))
  );
}

export interface ExistingOptions {
  /** Whether the image may have this blob of the layer. */
  readonly fits: (descriptor: Descriptor) => boolean;
  /** Blobs that are known to hold the layer, if only their bytes have their digest. */
  readonly proven: ReadonlySet<Digest>;
  /** Whether anybody will read the bytes; of a proven blob that nobody reads the name is all that counts. */
  readonly isNeeded: (descriptor: Descriptor) => Promise<boolean>;
}

/** Any blob will do, once it is read. */
export const NOTHING_PROVEN: ExistingOptions = {
  fits: () => true,
  proven: new Set(),
  isNeeded: () => Promise.resolve(true),
};

/**
 * A layer that has no contents on disk (contract §13.3): from the launch cache, else the previous image, else the cache. Throws
 * `LAYER_WITHOUT_CONTENTS` naming layer, digest and image when nobody has it (GAP-33).
 */
export async function findWithoutContents(
  id: string,
  sha: string,
  shelves: ExistingLayers,
  ctx: Context,
): Promise<Layer> {
  const diffId = isDiffId(sha) ? sha : undefined;
  const found =
    diffId === undefined
      ? undefined
      : ((await fromShelf(diffId, shelves.launchCache, ctx)) ??
        (await fromPrevious(diffId, shelves.previous, ctx)) ??
        (await fromShelf(diffId, shelves.cache, ctx)));
  if (found !== undefined) return found;
  const image = shelves.previous === undefined ? 'no previous image' : displayLocation(shelves.previous.pinned);
  throw new SlipwayError('LAYER_WITHOUT_CONTENTS', `cannot reuse '${id}', layer ${sha} is in ${image} no more`, {
    details: {
      layer: id,
      digest: sha,
      image,
      'looked in':
        [shelves.launchCache, shelves.cache].flatMap((shelf) => shelf?.description ?? []).join(', ') || 'no cache',
    },
    hint: 'build without restored layers (-skip-restore), so that the buildpack makes it again',
  });
}

async function fromPrevious(
  diffId: DiffId,
  previous: Image | undefined,
  ctx: Context,
  { fits }: ExistingOptions = NOTHING_PROVEN,
): Promise<Layer | undefined> {
  const layer = previous?.layers.find((candidate) => candidate.diffId === diffId);
  if (previous === undefined || layer === undefined || !fits(layer.descriptor)) return undefined;
  return (await previous.source.has(layer.descriptor, ctx)) ? layer : undefined;
}

async function fromShelf(
  diffId: DiffId,
  shelf: LayerShelf | undefined,
  ctx: Context,
  { fits, proven, isNeeded }: ExistingOptions = NOTHING_PROVEN,
): Promise<Layer | undefined> {
  const layer = await shelf?.find(diffId, ctx);
  if (shelf === undefined || layer === undefined || !fits(layer.descriptor)) return undefined;
  const isProven = proven.has(layer.descriptor.digest);
  if (isProven && !(await isNeeded(layer.descriptor))) return layer;
  try {
    // The digest alone is proven by reading the blob; that it holds this layer only by unpacking it.
    await drain(isProven ? layer.open(ctx.signal) : openTar(layer, ctx));
    return layer;
  } catch (error) {
    if (!(error instanceof SlipwayError) || ctx.signal.aborted) throw error;
    log(ctx, 'warn', `Ignoring layer ${diffId} of ${shelf.description}: ${error.message}`);
    return undefined;
  }
}

async function drain(bytes: AsyncIterable<unknown>): Promise<void> {
  const iterator = bytes[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}
