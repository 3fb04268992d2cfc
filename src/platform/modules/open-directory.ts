import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodePackage, type PackageDependency } from '../../cnb/files/package.ts';
import { type ModuleDescriptor, type ModuleKind } from '../../cnb/module.ts';
import { uniqueSuffix } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { pathKind } from '../../core/path-kind.ts';
import { readModuleAt } from '../../workspace/buildpacks.ts';
import { copyTree } from '../../workspace/copy-tree.ts';
import { plainModes } from '../../workspace/plain-modes.ts';

/** A module of a directory, and what its package.toml says that it needs. */
export interface DirectoryModule {
  readonly main: ModuleDescriptor;
  readonly dependencies: readonly PackageDependency[];
}

/**
 * The module in a directory, as a copy of this build's own, with the modes of its package: nothing that runs can change the original. Throws `FILE_NOT_FOUND` when it holds
 * none, `FILE_INVALID` for its files, `FILE_NOT_READABLE`.
 */
export async function openModuleDirectory(directory: string, kind: ModuleKind, ctx: Context): Promise<DirectoryModule> {
  await readModuleIn(directory, kind, { shown: directory });
  const dependencies = await readDependencies(join(directory, 'package.toml'));
  return { main: await copyModule({ directory, kind, shown: directory }, ctx), dependencies };
}

/** A copy of a module's directory that is this build's own, with the modes of its package. */
export async function copyModule(
  { directory, kind, shown }: { readonly directory: string; readonly kind: ModuleKind; readonly shown: string },
  ctx: Context,
): Promise<ModuleDescriptor> {
  const copy = await freshModuleDirectory(ctx);
  await copyTree(directory, copy, ctx);
  await plainModes(copy);
  return readModuleIn(copy, kind, { shown });
}

/**
 * The module that lies in a directory, which messages call `shown`. Throws `FILE_NOT_FOUND`, `FILE_INVALID`, and `BUILDPACK_INVALID` for a
 * descriptor that is a link out of `within`.
 */
export async function readModuleIn(
  directory: string,
  kind: ModuleKind,
  { shown, within }: { readonly shown: string; readonly within?: string },
): Promise<ModuleDescriptor> {
  const found = await readModuleAt(directory, kind, { prefix: '', ...(within === undefined ? {} : { within }) });
  if (found === undefined) throw await missing(directory, kind, shown);
  if (found.id !== '' && /^[^/\0]+$/.test(found.version) && !['.', '..'].includes(found.version)) return found;
  throw new SlipwayError('FILE_INVALID', `${kind}.toml of ${shown} has no id and version that can name a directory`, {
    details: { id: found.id, version: found.version },
  });
}

/** An empty directory of this build for one module; whoever runs buildpacks may look into it. */
export async function freshModuleDirectory(ctx: Context): Promise<string> {
  const parent = join(ctx.tmp, 'modules');
  const directory = join(parent, uniqueSuffix());
  await makeDirectory(directory);
  for (const path of [parent, directory]) await chmod(path, 0o755);
  return directory;
}

async function missing(directory: string, kind: ModuleKind, shown: string): Promise<SlipwayError> {
  const other = kind === 'buildpack' ? 'extension' : 'buildpack';
  const isOther = (await pathKind(join(directory, `${other}.toml`))) !== undefined;
  return new SlipwayError('FILE_NOT_FOUND', `${shown} has no ${kind}.toml`, {
    exit: 1,
    hint: isOther ? `it has ${other}.toml: name it with --${other}` : `name the directory that holds ${kind}.toml`,
  });
}

async function readDependencies(file: string): Promise<readonly PackageDependency[]> {
  try {
    return decodePackage(await readFile(file), file).dependencies;
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
