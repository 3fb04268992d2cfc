import { setImmediate } from 'node:timers/promises';
import type { Context } from '../core/context.ts';
import { digester, parseDiffId, type DiffId } from '../oci/digest.ts';
import type { LayerSource } from './layer-source.ts';
import { sharedSlabs } from './slab.ts';
import { writeTar } from './tar-writer.ts';

/**
 * The diffID a layer would have, without compressing or writing anything: for a layer that may be reused. Costs about a quarter of
 * `packLayer`. Throws as that does.
 */
export async function hashLayer(source: LayerSource, ctx: Context): Promise<DiffId> {
  const slabs = sharedSlabs();
  const slab = slabs.take();
  const hash = digester();
  try {
    await writeTar(
      source,
      {
        first: () => slab,
        next: async (full) => {
          hash.update(full.data);
          await setImmediate();
          return full;
        },
        end: (last, length) => {
          hash.update(last.data.subarray(0, length));
          return Promise.resolve();
        },
      },
      ctx,
    );
  } finally {
    slabs.give(slab);
  }
  return parseDiffId(hash.digest());
}
