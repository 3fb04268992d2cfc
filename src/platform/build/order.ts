import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { decodeOrder } from '../../cnb/files/order.ts';
import { decodeModule } from '../../cnb/files/module.ts';
import { escapeId, moduleName, type ModuleDescriptor, type Order } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import { hasCode, isSystem, messageOf, SlipwayError } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import { openModules } from '../../workspace/buildpacks.ts';
import { refuseExtensions } from '../read-order.ts';

export interface OrderSource {
  /** `--order`, as given. */
  readonly file: string | undefined;
  /** The directory of buildpacks, as given. */
  readonly buildpacks: string;
  /** What relative paths are relative to. */
  readonly cwd: string;
}

/**
 * Which order a build follows: the file that was named, the one beside the buildpacks, or the only buildpack there. Every buildpack
 * that it names is there. Throws `FILE_INVALID` with line and column, `BUILDPACK_NOT_FOUND`, `ARGUMENT_INVALID` when it is not clear.
 */
export async function chooseOrder(source: OrderSource, ctx: Context): Promise<Order> {
  const { cwd } = source;
  const inDirectory = join(source.buildpacks, 'order.toml');
  const file = source.file ?? ((await pathKind(resolve(cwd, inDirectory))) === undefined ? undefined : inDirectory);
  if (file !== undefined) {
    const { order } = refuseExtensions(decodeOrder(await readOrderFile(resolve(cwd, file), file), file), file);
    await checkModules(order, file, source);
    ctx.emit({ type: 'order.chosen', source: file, groups: order.length });
    return order;
  }
  const modules = await listModules(source);
  const [only, ...others] = modules;
  if (only === undefined || others.length > 0) throw unclear(source.buildpacks, modules);
  ctx.emit({
    type: 'order.chosen',
    source: `${moduleName(only)}, the only buildpack in ${source.buildpacks}`,
    groups: 1,
  });
  return [[{ kind: 'buildpack', id: only.id, version: only.version, optional: false }]];
}

/** Every buildpack that the order names is there. Throws `BUILDPACK_NOT_FOUND` with what is there instead. */
async function checkModules(order: Order, file: string, source: OrderSource): Promise<void> {
  const { buildpacks } = source;
  const finder = openModules(resolve(source.cwd, buildpacks), 'buildpack');
  for (const element of order.flat()) {
    try {
      await finder.find(element.id, element.version);
    } catch (error) {
      if (!hasCode(error, 'BUILDPACK_NOT_FOUND')) throw error;
      const found = (await listModules(source)).map(moduleName).join(', ');
      throw new SlipwayError('BUILDPACK_NOT_FOUND', `buildpack ${moduleName(element)} is not in ${buildpacks}`, {
        exit: 1,
        cause: error,
        details: { 'asked by': file, found: found === '' ? 'nothing' : found },
        hint: `it belongs in ${join(buildpacks, escapeId(element.id), element.version)}`,
      });
    }
  }
}

async function readOrderFile(path: string, shown: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES')) throw error;
    throw new SlipwayError('FILE_NOT_FOUND', `cannot read the order ${shown}: ${messageOf(error)}`, {
      exit: 3,
      cause: error,
      hint: 'name the file with --order FILE',
    });
  }
}

/** Every buildpack of `<directory>/<escaped id>/<version>/`, in byte order. Throws `FILE_NOT_FOUND` when there is no directory. */
async function listModules(source: OrderSource): Promise<readonly ModuleDescriptor[]> {
  const directory = resolve(source.cwd, source.buildpacks);
  const found: ModuleDescriptor[] = [];
  for (const id of await names(directory)) {
    for (const version of await names(join(directory, id))) {
      const root = join(directory, id, version);
      const file = join(root, 'buildpack.toml');
      const bytes = await readFile(file).catch((error: unknown) => {
        if (isSystem(error, 'ENOENT', 'ENOTDIR')) return undefined;
        throw error;
      });
      if (bytes === undefined) continue;
      const facts = { root, hasBuild: true, hasDetect: true, hasGenerate: false };
      found.push(decodeModule(bytes, file, 'buildpack', facts));
    }
  }
  return found;
}

function unclear(buildpacks: string, modules: readonly ModuleDescriptor[]): SlipwayError {
  const list = modules.map(moduleName).join(', ');
  return new SlipwayError(
    modules.length === 0 ? 'BUILDPACK_NOT_FOUND' : 'ARGUMENT_INVALID',
    modules.length === 0
      ? `there is no buildpack in ${buildpacks}`
      : `nothing says which buildpacks of ${buildpacks} to use`,
    {
      exit: 3,
      details: { 'looked for': join(buildpacks, 'order.toml'), found: list === '' ? 'nothing' : list },
      hint:
        modules.length === 0
          ? 'buildpacks lie in DIR/<id>/<version>/buildpack.toml'
          : 'write an order.toml there, or name one with --order FILE',
    },
  );
}

async function names(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (isSystem(error, 'ENOTDIR')) return [];
    if (!isSystem(error, 'ENOENT')) throw error;
    throw new SlipwayError('FILE_NOT_FOUND', `there is no directory ${directory}`, { exit: 3, cause: error });
  }
}
