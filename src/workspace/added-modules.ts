import { moduleName, type ModuleDescriptor } from '../cnb/module.ts';
import type { ModuleFinder } from './buildpacks.ts';

/** Finds the given modules first, then those of another finder. */
export function addedModules(added: readonly ModuleDescriptor[], base: ModuleFinder): ModuleFinder {
  const byName = new Map(added.map((module) => [moduleName(module), module]));
  return {
    find: (id, version) => {
      const own = byName.get(moduleName({ id, version }));
      return own === undefined ? base.find(id, version) : Promise.resolve(own);
    },
  };
}
