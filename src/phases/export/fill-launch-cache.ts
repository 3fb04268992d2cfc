import type { Context } from '../../core/context.ts';
import { messageOf } from '../../core/errors.ts';
import type { LayerStore } from '../../ports/layer-cache.ts';
import { log, type MadeLayer } from './layer-request.ts';

/**
 * Keeps every layer that was put over the base (contract §10.7, design §2.6), so that the next build can take it from here when the
 * previous image is gone. What cannot be kept is a warning.
 */
export async function fillLaunchCache(made: readonly MadeLayer[], store: LayerStore, ctx: Context): Promise<void> {
  for (const { layer, request } of made) {
    try {
      if ((await store.find(layer.diffId, ctx)) === undefined) await store.add(layer, ctx);
    } catch (error) {
      if (ctx.signal.aborted) throw error;
      log(ctx, 'warn', `Failed to keep layer '${request.id}' in ${store.description}: ${messageOf(error)}`);
    }
  }
}
