import type { Context } from '../../core/context.ts';
import { hashLayer } from '../../layer/hash.ts';
import { packLayer, type PackOptions } from '../../layer/pack.ts';
import type { BlobStaging } from '../../ports/store.ts';
import { eachBounded } from '../../store/bounded.ts';
import { findExisting, findWithoutContents, type ExistingLayers } from './existing-layers.ts';
import type { LayerRequest, MadeLayer } from './layer-request.ts';

export interface LayerMaking {
  readonly existing: ExistingLayers;
  readonly staging: BlobStaging;
  readonly pack: PackOptions;
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
 * One layer. Where a blob of it may exist it is hashed first, since reading is four times as fast as compressing; only what nobody
 * has is packed.
 */
export async function makeLayer(request: LayerRequest, making: LayerMaking, ctx: Context): Promise<MadeLayer> {
  const { from, id } = request;
  const { existing, staging, pack } = making;
  if (from.kind === 'reuse') {
    const layer = await findWithoutContents(id, from.sha, existing, ctx);
    return { request, layer, others: [], status: 'reused' };
  }
  const { source, previousShas, cachedSha } = from;
  if (previousShas.length > 0 || cachedSha !== undefined || existing.launchCache !== undefined) {
    const diffId = await hashLayer(source, ctx);
    const layer = await findExisting(diffId, existing, ctx);
    if (layer !== undefined) return { request, layer, others: [], status: statusOf(diffId, previousShas) };
  }
  const {
    layers: [layer, ...others],
  } = await packLayer(source, staging, ctx, pack);
  const status = statusOf(layer.diffId, previousShas);
  return { request, layer, others, status: status === 'reused' ? 'new' : status };
}

function statusOf(diffId: string, previousShas: readonly string[]): 'reused' | 'changed' | 'new' {
  if (previousShas.includes(diffId)) return 'reused';
  return previousShas.length === 0 ? 'new' : 'changed';
}
