import type { PlatformFeatures } from '../cnb/features.ts';
import { decodeCacheMetadata } from '../cnb/labels.ts';
import type { CacheMetadata, LifecycleMetadata } from '../cnb/layer-metadata.ts';
import type { GroupElement } from '../cnb/module.ts';
import type { Context } from '../core/context.ts';
import type { Place } from '../layer/place.ts';
import type { BuildCache } from '../ports/layer-cache.ts';
import { restoreLayerData } from './restore/restore-data.ts';
import { restoreLayerMetadata, restoreStores } from './restore/restore-metadata.ts';
import { restoreSboms } from './restore/restore-sbom.ts';
import { withTimer } from './timer.ts';

export interface RestoreInput {
  readonly layers: Place;
  readonly group: readonly GroupElement[];
  /** Of the previous image. */
  readonly metadata: LifecycleMetadata;
  readonly features: PlatformFeatures;
  readonly skipLayers: boolean;
  /** Of this build. */
  readonly execEnv: string;
}

export interface RestorePorts {
  readonly cache: BuildCache | undefined;
}

/**
 * Puts back store.toml files, layer metadata, cached layers and SBOM files (contract §10). Everything read from the cache is verified; what is
 * missing or wrong there is a warning. Throws `WRITE_FAILED` and `DISK_FULL`.
 */
export async function restore(input: RestoreInput, ports: RestorePorts, ctx: Context): Promise<void> {
  const { cache } = ports;
  await withTimer('Restorer', ctx, async () => {
    await restoreStores(input);
    if (input.skipLayers) {
      ctx.emit({ type: 'log', level: 'info', message: 'Skipping buildpack layer analysis' });
      return;
    }
    const cached = cachedMetadata(cache, ctx);
    const shas = await restoreLayerMetadata(input, cached, ctx);
    await restoreLayerData(input, { shas, cached }, cache, ctx);
    if (input.features.hasSboms) await restoreSboms(input, cached, cache, ctx);
  });
}

/** A cache without metadata is an empty one; so is, with a warning, one whose metadata is malformed. */
function cachedMetadata(cache: BuildCache | undefined, ctx: Context): CacheMetadata {
  if (cache === undefined) {
    const message = 'Usable cache not provided, using empty cache metadata';
    ctx.emit({ type: 'log', level: 'debug', message });
  }
  if (cache?.isMissing === true) ctx.emit({ type: 'log', level: 'info', message: 'Layer cache not found' });
  const metadata = decodeCacheMetadata(cache?.metadata);
  if (metadata === undefined && cache?.metadata !== undefined) {
    const message = `the ${cache.description} is not used: its metadata is malformed`;
    ctx.emit({ type: 'warning', code: 'CACHE_IGNORED', message });
  }
  return metadata ?? { sbom: '', buildpacks: [] };
}
