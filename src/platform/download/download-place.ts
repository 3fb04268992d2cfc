import { join } from 'node:path';
import type { Product } from '../../core/context.ts';
import type { RegistryOptions } from '../../registry/options.ts';
import { cacheRoot } from '../cache-root.ts';
import type { Machine } from '../machine.ts';
import { registryOptions, type StoreOptions } from '../stores.ts';

/** Where downloads are kept, and how hosts are reached. */
export interface DownloadPlace {
  readonly directory: string;
  readonly registry: RegistryOptions;
}

/** Downloads as registries are reached, kept in the area `downloads` of the cache. */
export function downloadPlace(machine: Machine, product: Product, flags: StoreOptions): DownloadPlace {
  return { directory: join(cacheRoot(machine), 'downloads'), registry: registryOptions(machine, product, flags) };
}
