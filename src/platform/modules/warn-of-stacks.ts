import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeModuleListing } from '../../cnb/files/module-listing.ts';
import { moduleName, type ModuleDescriptor } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';

/**
 * Says which given buildpacks name stacks, and no targets, and not the stack of the builder (`CNB_STACK_ID`). pack refuses them; the lifecycle
 * looks at no stack any more, so that they may well run.
 */
export async function warnOfStacks(
  modules: readonly ModuleDescriptor[],
  { name, stack }: { readonly name: string; readonly stack: string | undefined },
  ctx: Context,
): Promise<void> {
  if (stack === undefined || stack === '') return;
  for (const { kind, root, ...module } of modules.filter(({ order }) => order.length === 0)) {
    const file = join(root, `${kind}.toml`);
    const { stacks, targets } = decodeModuleListing(await readFile(file), file, kind);
    const ids = stacks.map(({ id }) => id);
    if (ids.length === 0 || targets.length > 0 || ids.includes('*') || ids.includes(stack)) continue;
    const message = `${kind} ${moduleName(module)} is for the stack ${ids.join(', ')}, and ${name} is of the stack ${stack}`;
    ctx.emit({ type: 'warning', code: 'BUILDPACK_STACK', message });
  }
}
