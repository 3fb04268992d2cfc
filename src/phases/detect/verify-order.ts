import { apiSubject, checkBuildpackApi, type Deprecations } from '../../cnb/deprecations.ts';
import { buildpackFeatures } from '../../cnb/features.ts';
import type { ModuleDescriptor, Order, OrderElement } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';

/**
 * Looks up every module that the order names and checks its Buildpack API (contract §7.1 step 3). Throws `BUILDPACK_NOT_FOUND`
 * (exit 1), or `BUILDPACK_API_UNSUPPORTED` (exit 12), also for a deprecated one where that is an error.
 */
export async function verifyOrder(
  order: Order,
  find: (element: OrderElement) => Promise<ModuleDescriptor>,
  deprecations: Deprecations,
  ctx: Context,
): Promise<void> {
  for (const element of order.flat()) {
    const module = await find(element);
    checkApi(module);
    checkBuildpackApi(module, deprecations, (level, message) => ctx.emit({ type: 'log', level, message }));
  }
}

/** Throws `BUILDPACK_API_UNSUPPORTED` with the words of contract §1.3. */
export function checkApi(module: ModuleDescriptor): void {
  buildpackFeatures(module.api, apiSubject(module));
}
