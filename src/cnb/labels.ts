import type { Product } from '../core/context.ts';
import type { CacheMetadata, LifecycleMetadata } from './layer-metadata.ts';
import type { BuildMetadata } from './process.ts';

export const LIFECYCLE_METADATA_LABEL = 'io.buildpacks.lifecycle.metadata' as const;
export const BUILD_METADATA_LABEL = 'io.buildpacks.build.metadata' as const;
export const PROJECT_METADATA_LABEL = 'io.buildpacks.project.metadata' as const;
export const EXEC_ENV_LABEL = 'io.buildpacks.exec-env' as const;
export const CACHE_METADATA_LABEL = 'io.buildpacks.lifecycle.cache.metadata' as const;

/** JSON of `io.buildpacks.lifecycle.metadata` (contract §6.1), byte-exact. */
export function lifecycleMetadataLabel(_metadata: LifecycleMetadata): string {
  throw new Error('not yet');
}

/** The label's data; undefined when it is not what the contract describes (then there is nothing to reuse). */
export function decodeLifecycleMetadata(_text: string): LifecycleMetadata | undefined {
  throw new Error('not yet');
}

/** JSON of `io.buildpacks.build.metadata` (contract §6.2), byte-exact. */
export function buildMetadataLabel(_metadata: BuildMetadata, _product: Product): string {
  throw new Error('not yet');
}

/** JSON of the cache metadata (contract §10.3) without a newline. */
export function cacheMetadataJson(_metadata: CacheMetadata): string {
  throw new Error('not yet');
}

/** The cache metadata in parsed JSON; undefined when it is not. */
export function decodeCacheMetadata(_value: unknown): CacheMetadata | undefined {
  throw new Error('not yet');
}
