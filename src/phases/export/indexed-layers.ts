import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { blobFormat } from '../../layer/blob-format.ts';
import { fitsAll, type Compression } from '../../layer/compression.ts';
import type { LayerSource } from '../../layer/layer-source.ts';
import { packLayer, type PackOptions } from '../../layer/pack.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { DiffId } from '../../oci/digest.ts';
import { layerMediaType } from '../../oci/media-types.ts';
import type { Layer } from '../../ports/blob.ts';
import type { IndexedBlob } from '../../ports/layer-index.ts';
import { canOpen, type BlobStaging, type ImageSink } from '../../ports/store.ts';
import { findExisting, type ExistingLayers } from './existing-layers.ts';
import type { MadeLayer } from './layer-request.ts';

export interface IndexedLayers {
  readonly existing: ExistingLayers;
  /** For each compression the outputs that get it. */
  readonly outputs: readonly (readonly ImageSink[])[];
  readonly staging: BlobStaging;
  readonly pack: PackOptions;
  readonly source: LayerSource;
  /** What the index knows of the diffID. */
  readonly blobs: readonly IndexedBlob[];
}

/**
 * The blobs of a diffID by the index: what would be found without it, so that digests stay; else the blobs that packing would make, where
 * the outputs have all of them already. Their sizes are right; the bytes are verified when they are read.
 */
export async function findIndexed(
  diffId: DiffId,
  layers: IndexedLayers,
  ctx: Context,
): Promise<Pick<MadeLayer, 'layer' | 'others'> | undefined> {
  const { blobs, outputs, pack, existing } = layers;
  const existed = await findExisting(diffId, existing, ctx, {
    fits: fitsAll(pack.compressions),
    proven: new Set(blobs.map(({ descriptor }) => descriptor.digest)),
    isNeeded: async (descriptor) => !(await haveAll(outputs.flat(), descriptor, ctx)),
  });
  if (existed !== undefined) return { layer: existed, others: [] };
  const found: Layer[] = [];
  for (const [at, compression] of pack.compressions.entries()) {
    const layer = await findInOutputs({ diffId, compression, outputs: outputs[at] ?? [] }, layers, ctx);
    if (layer === undefined) return undefined;
    found.push(layer);
  }
  const [layer, ...others] = found;
  return layer === undefined ? undefined : { layer, others };
}

interface Wanted {
  readonly diffId: DiffId;
  readonly compression: Compression;
  readonly outputs: readonly ImageSink[];
}

async function findInOutputs(wanted: Wanted, layers: IndexedLayers, ctx: Context): Promise<Layer | undefined> {
  const { diffId, compression, outputs } = wanted;
  const format = blobFormat(compression);
  const made = layers.blobs.find((blob) => blob.format === format);
  if (made === undefined) return undefined;
  const { digest, size } = made.descriptor;
  const descriptor = { mediaType: layerMediaType(layers.pack.family, compression.codec), digest, size };
  for (const output of outputs) {
    if (!canOpen(output) || !(await output.has(descriptor, ctx))) continue;
    const open = (signal?: AbortSignal): AsyncIterable<Uint8Array> =>
      output.open(descriptor, signal === undefined ? ctx : { ...ctx, signal });
    return { descriptor, diffId, origins: [], open };
  }
  return (await haveAll(outputs, descriptor, ctx)) ? madeWhenRead(descriptor, wanted, layers, ctx) : undefined;
}

async function haveAll(outputs: readonly ImageSink[], descriptor: Descriptor, ctx: Context): Promise<boolean> {
  const answers = await Promise.all(outputs.map((output) => output.has(descriptor, ctx)));
  return answers.length > 0 && answers.every((has) => has);
}

/** Every output has it; who needs its bytes all the same, as a cache does, gets them by packing. */
function madeWhenRead(
  descriptor: Descriptor,
  { diffId, compression }: Wanted,
  layers: IndexedLayers,
  ctx: Context,
): Layer {
  const open = async function* (signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const inner = signal === undefined ? ctx : { ...ctx, signal };
    const pack = { ...layers.pack, compressions: [compression] } as const;
    const {
      layers: [layer],
    } = await packLayer(layers.source, layers.staging, inner, pack);
    if (layer.descriptor.digest !== descriptor.digest)
      throw new SlipwayError('FILE_CHANGED', `a layer changed while it was exported: it was ${diffId}`, {
        details: { 'diffID before': diffId, 'diffID after': layer.diffId },
      });
    yield* layer.open(signal);
  };
  return { descriptor, diffId, origins: [], open };
}
