import { servesExecEnv } from '../../cnb/exec-env.ts';
import type { LayerRecord } from '../../cnb/layer-metadata.ts';

/** Whether a layer's metadata is put back, and the lifecycle's line about it (contract §10.2). */
export interface Decision {
  readonly isRestored: boolean;
  readonly line: string;
}

/** A layer of the app image's metadata; `cached` is the cache's record of it. `id` is `buildpack:layer`. */
export function decideFromApp(id: string, record: LayerRecord, cached: LayerRecord | undefined): Decision {
  const skip = (why: string): Decision => ({
    isRestored: false,
    line: `Not restoring metadata for "${id}", marked as ${why}`,
  });
  if (!record.launch) return skip('launch=false');
  if (record.build && !record.cache) return skip('build=true, cache=false');
  if (record.cache && cached?.cache !== true) return skip('cache=true, but not found in cache');
  return { isRestored: true, line: `Restoring metadata for "${id}" from app image` };
}

export interface CacheRules {
  /** Whether the app image's metadata has the layer. */
  readonly isInApp: boolean;
  /** Platform API ≥ 0.14: a launch layer that only the cache has is put back. */
  readonly restoresCachedLaunchLayers: boolean;
}

/** A layer of the cache's metadata. */
export function decideFromCache(id: string, record: LayerRecord, rules: CacheRules): Decision {
  const skip = (why: string): Decision => ({
    isRestored: false,
    line: `Not restoring "${id}" from cache, marked as ${why}`,
  });
  if (!record.cache) return skip('cache=false');
  if (record.launch && (rules.isInApp || !rules.restoresCachedLaunchLayers)) return skip('launch=true');
  return { isRestored: true, line: `Restoring metadata for "${id}" from cache` };
}

/** A layer whose metadata lists other execution environments than this build's is as if it were not there (contract GAP-20). */
export function decideForExecEnv(id: string, { data }: LayerRecord, execEnv: string): Decision | undefined {
  const listed = data?.['exec-env'];
  if (!Array.isArray(listed)) return undefined;
  const supported = listed.filter((name): name is string => typeof name === 'string');
  if (servesExecEnv(supported, execEnv)) return undefined;
  return {
    isRestored: false,
    line: `Not restoring metadata for "${id}", marked as exec-env=[${supported.join(', ')}], current: ${execEnv}`,
  };
}
