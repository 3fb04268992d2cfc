import type { PlatformFeatures } from '../cnb/features.ts';
import type { LifecycleMetadata } from '../cnb/layer-metadata.ts';
import type { GroupElement } from '../cnb/module.ts';
import type { Context } from '../core/context.ts';
import type { Place } from '../layer/place.ts';
import type { BuildCache } from '../ports/layer-cache.ts';

export interface RestoreInput {
  readonly layers: Place;
  readonly group: readonly GroupElement[];
  /** Of the previous image. */
  readonly metadata: LifecycleMetadata;
  readonly features: PlatformFeatures;
  readonly skipLayers: boolean;
}

export interface RestorePorts {
  readonly cache: BuildCache | undefined;
}

/** Puts back store.toml files, layer metadata and cached layers (contract §10). Everything read from the cache is verified. */
export function restore(input: RestoreInput, ports: RestorePorts, ctx: Context): Promise<void> {
  return Promise.reject(new Error(`not yet: ${input.layers.real} ${ctx.tmp} ${typeof ports}`));
}
