import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { blobFormat } from '../../layer/blob-format.ts';
import { fitsAll } from '../../layer/compression.ts';
import { hashLayer } from '../../layer/hash.ts';
import { packLayer, type PackOptions } from '../../layer/pack.ts';
import type { DiffId } from '../../oci/digest.ts';
import type { LayerIndex } from '../../ports/layer-index.ts';
import type { BlobStaging } from '../../ports/store.ts';
import { eachBounded } from '../../store/bounded.ts';
import { findExisting, findWithoutContents, NOTHING_PROVEN, type ExistingLayers } from './existing-layers.ts';
import { findIndexed, type IndexedLayers } from './indexed-layers.ts';
import type { LayerRequest, MadeFromFiles, MadeLayer } from './layer-request.ts';
import { lookUpLayer, type LookedUp } from './look-up-layer.ts';

export interface LayerMaking {
  readonly existing: ExistingLayers;
  readonly staging: BlobStaging;
  readonly pack: PackOptions;
  /** Undefined: every layer is read. */
  readonly index: LayerIndex | undefined;
  /** Where the image goes: what they have need not be made. */
  readonly outputs: IndexedLayers['outputs'];
}

/** Layers that are read or compressed at once; one layer's blocks are compressed in parallel too. */
const PARALLEL = 2;

interface Told {
  /** Told of each layer in the order of the requests. */
  readonly done: (made: MadeLayer) => void;
  /** Told of each layer as soon as it is there, maybe long before its turn. */
  readonly ready?: (made: MadeLayer) => void;
}

/** Makes every layer, two at once. */
export async function makeLayers(
  requests: readonly LayerRequest[],
  making: LayerMaking,
  ctx: Context,
  told: Told,
): Promise<readonly MadeLayer[]> {
  const made = new Map<number, MadeLayer>();
  const finished: MadeLayer[] = [];
  await eachBounded([...requests.entries()], PARALLEL, ctx, async ([index, request], inner) => {
    const one = await makeLayer(request, making, inner);
    told.ready?.(one);
    made.set(index, one);
    for (let next = made.get(finished.length); next !== undefined; next = made.get(finished.length)) {
      finished.push(next);
      told.done(next);
    }
  });
  return finished;
}

/**
 * One layer. What the index knows to be unchanged is not read. Where somebody may have a blob of it, it is hashed first, since reading is
 * four times as fast as compressing; only what nobody has is packed. Throws `INDEX_WRONG` when the index is verified and is wrong.
 */
export async function makeLayer(request: LayerRequest, making: LayerMaking, ctx: Context): Promise<MadeLayer> {
  const { from, id } = request;
  const { existing, index } = making;
  if (from.kind === 'reuse') {
    return { request, layer: await findWithoutContents(id, from.sha, existing, ctx), others: [], status: 'reused' };
  }
  const { source, previousShas } = from;
  const looked = index === undefined ? undefined : await lookUpLayer(id, source, index, ctx);
  if (looked?.diffId !== undefined && index?.isVerified === true)
    await verify(id, looked.diffId, { source, looked }, ctx);
  const found = await findMade(from, making, looked, ctx);
  const isHit = looked?.diffId !== undefined && found !== undefined;
  const said = looked === undefined ? {} : { index: { reason: isHit ? undefined : looked.reason } };
  if (found !== undefined) return { request, ...found, status: statusOf(found.layer.diffId, previousShas), ...said };
  const { layers } = await packLayer(source, making.staging, ctx, making.pack);
  const [layer, ...others] = layers;
  const formats = making.pack.compressions.map(blobFormat);
  looked?.remember(
    layer.diffId,
    layers.map(({ descriptor }, at) => ({ format: formats[at], descriptor })),
  );
  const status = statusOf(layer.diffId, previousShas);
  return { request, layer, others, status: status === 'reused' ? 'new' : status, ...said };
}

/** The layer, when somebody has a blob of it. */
async function findMade(
  from: MadeFromFiles,
  making: LayerMaking,
  looked: LookedUp | undefined,
  ctx: Context,
): Promise<Pick<MadeLayer, 'layer' | 'others'> | undefined> {
  const { source } = from;
  const { existing } = making;
  const find = async (diffId: DiffId): Promise<Pick<MadeLayer, 'layer' | 'others'> | undefined> => {
    if (looked !== undefined) return findIndexed(diffId, { ...making, source, blobs: looked.blobsOf(diffId) }, ctx);
    const fits = fitsAll(making.pack.compressions);
    const layer = await findExisting(diffId, existing, ctx, { ...NOTHING_PROVEN, fits });
    return layer === undefined ? undefined : { layer, others: [] };
  };
  if (looked?.diffId !== undefined) return find(looked.diffId);
  if (!hasCandidate(from, looked, existing)) return undefined;
  const diffId = await hashLayer(source, ctx);
  const found = await find(diffId);
  if (found !== undefined) looked?.remember(diffId, [{ format: undefined, descriptor: found.layer.descriptor }]);
  return found;
}

/** Whether reading the layer may show that a blob of it exists. A launch cache without an index does not say of which layers. */
function hasCandidate(from: MadeFromFiles, looked: LookedUp | undefined, existing: ExistingLayers): boolean {
  if (looked?.candidate !== undefined || (looked === undefined && existing.launchCache !== undefined)) return true;
  return [...from.previousShas, from.cachedSha].some((sha) => sha !== undefined && sha !== looked?.ruledOut);
}

async function verify(
  id: string,
  diffId: DiffId,
  { source, looked }: { readonly source: MadeFromFiles['source']; readonly looked: LookedUp },
  ctx: Context,
): Promise<void> {
  const actual = await hashLayer(source, ctx);
  if (actual === diffId) return;
  looked.forget();
  throw new SlipwayError('INDEX_WRONG', `the index took layer '${id}' for unchanged, which it is not`, {
    details: { layer: id, 'by the index': diffId, 'by its files': actual },
    hint: 'its record is removed: run again; and tell us what kind of file system this is',
  });
}

function statusOf(diffId: string, previousShas: readonly string[]): 'reused' | 'changed' | 'new' {
  if (previousShas.includes(diffId)) return 'reused';
  return previousShas.length === 0 ? 'new' : 'changed';
}
