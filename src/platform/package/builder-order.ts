import type { BuilderFile } from '../../cnb/files/builder.ts';
import { moduleName, type Order } from '../../cnb/module.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { PackagedModule } from './packaged-module.ts';

/** builder.toml with every version of its orders said. Throws `PACKAGE_INCOMPLETE` for what the builder does not have, or has twice. */
export function resolveOrders(file: BuilderFile, config: string, modules: readonly PackagedModule[]): BuilderFile {
  const resolve = (order: Order): Order => resolveOrder(config, order, modules);
  const { pre, post } = file.system;
  return {
    ...file,
    order: resolve(file.order),
    orderExtensions: resolve(file.orderExtensions),
    system: { pre: resolve([pre])[0] ?? [], post: resolve([post])[0] ?? [] },
  };
}

/** Groups with every version said: the only one that the builder has, where builder.toml says none. */
function resolveOrder(config: string, groups: Order, modules: readonly PackagedModule[]): Order {
  return groups.map((group) =>
    group.map((element) => {
      const own = modules.filter(({ kind, id }) => kind === element.kind && id === element.id);
      const versions = own.map(({ version }) => version);
      const [only] = versions;
      if (versions.includes(element.version)) return element;
      if (element.version === '' && versions.length === 1 && only !== undefined) return { ...element, version: only };
      const asked = element.version === '' ? element.id : moduleName(element);
      const problem = element.version === '' && versions.length > 1 ? `several versions of ${asked}` : `no ${asked}`;
      throw new SlipwayError(
        'PACKAGE_INCOMPLETE',
        `the order in ${config} names ${element.id}, and the builder has ${problem}`,
        {
          details: { has: modules.map(moduleName).join(', ') },
          hint: versions.length > 1 ? 'say which version' : `add it to [[${element.kind}s]]`,
        },
      );
    }),
  );
}
