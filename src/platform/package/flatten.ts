import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { moduleName } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { pathKind } from '../../core/path-kind.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { PlannedLayer } from '../../image/plan.ts';
import { DEFAULT_COMPRESSION } from '../../layer/compression.ts';
import type { Layer } from '../../ports/blob.ts';
import type { BlobStaging } from '../../ports/store.ts';
import { unpackLayers } from '../../rootfs/unpack.ts';
import { modulePath, packTrees } from './pack-module.ts';
import type { PackagedModule } from './packaged-module.ts';

/**
 * The same modules, those of each group in one layer: fewer layers for a builder with many buildpacks. What comes from packages is unpacked
 * for it below `ctx.tmp`. The layer depends on the files alone, not on the order within the group.
 */
export async function flattenModules(
  modules: readonly PackagedModule[],
  groups: readonly (readonly PackagedModule[])[],
  staging: BlobStaging,
  ctx: Context,
): Promise<readonly PackagedModule[]> {
  const unpacked = new Map<string, Promise<string>>();
  const layers = new Map<PackagedModule, Layer>();
  for (const group of groups.filter(({ length }) => length > 1)) {
    const trees = [];
    for (const module of group) trees.push({ module, directory: await directoryOf(module, unpacked, ctx) });
    const layer = await packTrees(trees, staging, ctx, DEFAULT_COMPRESSION);
    for (const module of group) layers.set(module, layer);
  }
  return modules.map((module) => ({ ...module, layer: layers.get(module) ?? module.layer }));
}

/** The modules that `ID@VERSION` texts name. Throws `ARGUMENT_INVALID` for one that is not there. */
export function namedModules(
  names: readonly string[],
  modules: readonly PackagedModule[],
  flag: string,
): readonly PackagedModule[] {
  return names.map((name) => {
    const found = modules.find((module) => module.kind === 'buildpack' && moduleName(module) === name);
    if (found !== undefined) return found;
    throw new SlipwayError('ARGUMENT_INVALID', `--${flag} names ${name}, which is not there`, {
      exit: 3,
      details: { has: modules.map(moduleName).join(', ') },
      hint: 'write ID@VERSION',
    });
  });
}

/** The layers of modules in their order, each once, with a history text that names what is in it. */
export function layersOf(modules: readonly PackagedModule[]): readonly PlannedLayer[] {
  const byDiffId = new Map<string, PackagedModule[]>();
  for (const module of modules)
    byDiffId.set(module.layer.diffId, [...(byDiffId.get(module.layer.diffId) ?? []), module]);
  return [...byDiffId.values()].flatMap((own) => {
    const [first] = own;
    return first === undefined ? [] : [{ layer: first.layer, createdBy: createdBy(first, own) }];
  });
}

function createdBy({ kind }: PackagedModule, modules: readonly PackagedModule[]): string {
  const noun = kind === 'buildpack' ? 'Buildpack' : 'Extension';
  return `${noun}${modules.length > 1 ? 's' : ''}: ${modules.map(moduleName).join(', ')}`;
}

async function directoryOf(
  module: PackagedModule,
  unpacked: Map<string, Promise<string>>,
  ctx: Context,
): Promise<string> {
  if (module.directory !== undefined) return module.directory;
  const { diffId } = module.layer;
  const root = unpacked.get(diffId) ?? unpack(module.layer, ctx);
  unpacked.set(diffId, root);
  const directory = join(await root, modulePath(module));
  if ((await pathKind(directory)) === 'directory') return directory;
  throw new SlipwayError(
    'IMAGE_INVALID',
    `layer ${diffId} does not have ${moduleName(module)}, although a label says so`,
  );
}

async function unpack(layer: Layer, ctx: Context): Promise<string> {
  const directory = await mkdtemp(join(ctx.tmp, 'layer-'));
  await unpackLayers([layer], directory, ctx);
  return directory;
}
