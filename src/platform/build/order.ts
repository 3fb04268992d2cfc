import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { decodeOrder, type OrderFile } from '../../cnb/files/order.ts';
import { moduleName, type ModuleDescriptor } from '../../cnb/module.ts';
import { isSystem, messageOf, SlipwayError } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import { listModules } from '../../workspace/list-modules.ts';

export interface OrderSource {
  /** `--order`, as given. */
  readonly file: string | undefined;
  /** The directory of buildpacks, as given. */
  readonly buildpacks: string;
  /** What relative paths are relative to. */
  readonly cwd: string;
}

/** An order and where it is from, in words. */
export interface SourcedOrder extends OrderFile {
  readonly source: string;
}

/**
 * Which order a build follows: the file that was named, the one beside the buildpacks, or the only buildpack there. Throws `FILE_INVALID`
 * with line and column, `BUILDPACK_NOT_FOUND`, `ARGUMENT_INVALID` when it is not clear.
 */
export async function chooseOrder(source: OrderSource): Promise<SourcedOrder> {
  const { cwd } = source;
  const directory = resolve(cwd, source.buildpacks);
  const inDirectory = join(source.buildpacks, 'order.toml');
  const file = source.file ?? ((await pathKind(resolve(cwd, inDirectory))) === undefined ? undefined : inDirectory);
  if (file !== undefined) return readOrderFile(resolve(cwd, file), file);
  if ((await pathKind(directory)) === undefined)
    throw new SlipwayError('FILE_NOT_FOUND', `there is no directory ${directory}`, {
      exit: 3,
      hint: 'name the directory that holds <id>/<version>/buildpack.toml with --buildpacks',
    });
  const modules = await listModules(directory, 'buildpack');
  const [only, ...others] = modules;
  if (only === undefined || others.length > 0) throw unclear(source.buildpacks, modules);
  const element = { kind: 'buildpack', id: only.id, version: only.version, optional: false } as const;
  const words = `${moduleName(only)}, the only buildpack in ${source.buildpacks}`;
  return { order: [[element]], extensions: [], source: words };
}

/** The order of a file, which messages call `shown`. Throws `FILE_NOT_FOUND`, `FILE_INVALID`. */
export async function readOrderFile(path: string, shown: string): Promise<SourcedOrder> {
  return { ...decodeOrder(await readBytes(path, shown), shown), source: shown };
}

async function readBytes(path: string, shown: string): Promise<Uint8Array> {
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
