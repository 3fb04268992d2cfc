import { apiSubject, checkBuildpackApi, type Deprecations } from '../../cnb/deprecations.ts';
import { buildpackFeatures } from '../../cnb/features.ts';
import { moduleName, type ModuleDescriptor, type Order } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { ModuleFinder } from '../../workspace/buildpacks.ts';

/**
 * Looks up every module that the order names and checks its Buildpack API (contract §7.1 step 3). Throws `BUILDPACK_NOT_FOUND`
 * (exit 1), `BUILDPACK_API_UNSUPPORTED` (exit 12), also for a deprecated one where that is an error, or `NOT_SUPPORTED` for an extension.
 */
export async function verifyOrder(
  order: Order,
  modules: ModuleFinder,
  deprecations: Deprecations,
  ctx: Context,
): Promise<void> {
  for (const element of order.flat()) {
    if (element.kind === 'extension') {
      throw new SlipwayError(
        'NOT_SUPPORTED',
        `the order names the extension ${moduleName(element)}, which this version cannot run`,
        { hint: 'remove [[order-extensions]] from order.toml', exit: 22 },
      );
    }
    const module = await modules.find(element.id, element.version);
    checkApi(module);
    checkBuildpackApi(module, deprecations, (level, message) => ctx.emit({ type: 'log', level, message }));
  }
}

/** Throws `BUILDPACK_API_UNSUPPORTED` with the words of contract §1.3. */
export function checkApi(module: ModuleDescriptor): void {
  buildpackFeatures(module.api, apiSubject(module));
}
