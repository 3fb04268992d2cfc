import { moduleName, type ModuleDescriptor } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { hasCode, SlipwayError } from '../../core/errors.ts';
import { isSameTree } from '../../workspace/same-tree.ts';
import { missingFrom, type BaseModules } from './base-modules.ts';

/** Each id and version once. Throws `PACKAGE_INCOMPLETE` for two that are not the same: which one was meant cannot be known. */
export async function withoutTwins(modules: readonly ModuleDescriptor[]): Promise<readonly ModuleDescriptor[]> {
  const found = new Map<string, ModuleDescriptor>();
  for (const module of modules) {
    const key = `${module.kind} ${moduleName(module)}`;
    const other = found.get(key);
    if (other !== undefined && !(await isSameTree(other.root, module.root)))
      throw new SlipwayError('PACKAGE_INCOMPLETE', `${moduleName(module)} is given twice, with different contents`, {
        exit: 3,
        hint: 'leave one of them out, or give it another version',
      });
    found.set(key, other ?? module);
  }
  return [...found.values()];
}

/** Says where a given module takes the place of one that the base has. */
export async function warnOfReplaced(
  given: readonly ModuleDescriptor[],
  base: BaseModules,
  ctx: Context,
): Promise<void> {
  for (const module of given) {
    const own = await findOptional(module, base);
    if (own === undefined || (await isSameTree(own.root, module.root))) continue;
    const message = `${module.kind} ${moduleName(module)} is in ${base.name} with other contents: the given one takes its place`;
    ctx.emit({ type: 'warning', code: 'BUILDPACK_REPLACED', message });
  }
}

async function findOptional(
  { kind, id, version }: ModuleDescriptor,
  base: BaseModules,
): Promise<ModuleDescriptor | undefined> {
  try {
    return await base.finders[kind].find(id, version);
  } catch (error) {
    if (hasCode(error, 'BUILDPACK_NOT_FOUND')) return undefined;
    throw error;
  }
}

/** A composite buildpack's parts come with it, or are there already. Throws `PACKAGE_INCOMPLETE`. */
export async function checkWhole(given: readonly ModuleDescriptor[], { name, finders }: BaseModules): Promise<void> {
  for (const module of given) {
    const needed = module.order.flat().filter(({ optional }) => !optional);
    const missing = await missingFrom(needed, finders);
    if (missing.length === 0) continue;
    const names = [...new Set(missing.map(moduleName))].join(', ');
    throw new SlipwayError('PACKAGE_INCOMPLETE', `buildpack ${moduleName(module)} needs ${names}`, {
      exit: 1,
      details: { 'looked in': `what was given, ${name}` },
      hint: 'give those too, name them in [[dependencies]] of its package.toml, or take its package',
    });
  }
}
