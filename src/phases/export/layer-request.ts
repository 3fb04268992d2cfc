import type { Context } from '../../core/context.ts';
import type { LayerStatus, LogLevel } from '../../core/events.ts';
import type { LayerSource } from '../../layer/layer-source.ts';
import type { Layer } from '../../ports/blob.ts';

/** A layer that the image is to have. */
export interface LayerRequest {
  /** `buildpack:layer`, `slice-1`, `buildpacksio/lifecycle:launcher`, … */
  readonly id: string;
  /** For the history. */
  readonly createdBy: string;
  readonly from: LayerOrigin;
}

type LayerOrigin = MadeFromFiles | ReusedWithoutContents;

/** From files: reused when a candidate turns out to be the same. */
export interface MadeFromFiles {
  readonly kind: 'make';
  readonly source: LayerSource;
  /** DiffIDs that the previous image had for it: one, or all app layers for a slice. */
  readonly previousShas: readonly string[];
  /** DiffID that the cache had for it. */
  readonly cachedSha?: string | undefined;
}

/** A layer without contents on disk, by the previous image's diffID. */
interface ReusedWithoutContents {
  readonly kind: 'reuse';
  readonly sha: string;
}

/** A request with its bytes. */
export interface MadeLayer {
  readonly request: LayerRequest;
  readonly layer: Layer;
  /** The same in the export's other compressions, in their order; empty: `layer` serves for all. */
  readonly others: readonly Layer[];
  readonly status: LayerStatus;
  /** What the index said, where it was asked; `reason`: why the layer was read. */
  readonly index?: { readonly reason: string | undefined };
}

export function log(ctx: Context, level: LogLevel, message: string): void {
  ctx.emit({ type: 'log', level, message });
}

/** `index` event of a layer that was looked up there. */
export function announceIndex({ request, index }: MadeLayer, ctx: Context): void {
  if (index === undefined) return;
  const { reason } = index;
  ctx.emit({
    type: 'index',
    id: request.id,
    ...(reason === undefined ? { verdict: 'hit' } : { verdict: 'miss', reason }),
  });
}

/** `layer` event of a layer of the image. */
export function announce(
  made: { readonly id: string; readonly layer: Layer; readonly status: LayerStatus },
  ctx: Context,
): void {
  const { diffId, descriptor } = made.layer;
  ctx.emit({
    type: 'layer',
    id: made.id,
    diffId,
    digest: descriptor.digest,
    size: descriptor.size,
    status: made.status,
  });
}
