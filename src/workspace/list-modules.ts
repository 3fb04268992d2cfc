import { join } from 'node:path';
import type { ModuleDescriptor, ModuleKind } from '../cnb/module.ts';
import { namesIn } from '../core/names-in.ts';
import { readModuleAt, type OpenModulesOptions } from './buildpacks.ts';

/** Every module of a `<dir>/<escaped id>/<version>/` tree, in byte order; none when there is no directory. Throws `FILE_INVALID`. */
export async function listModules(
  directory: string,
  kind: ModuleKind,
  options: OpenModulesOptions = {},
): Promise<readonly ModuleDescriptor[]> {
  const found: ModuleDescriptor[] = [];
  for (const id of await namesIn(directory)) {
    for (const version of await namesIn(join(directory, id))) {
      const module = await readModuleAt(join(directory, id, version), kind, options);
      if (module !== undefined) found.push(module);
    }
  }
  return found;
}
