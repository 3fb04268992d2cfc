import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeModule } from '../cnb/files/module.ts';
import { escapeId, type ModuleDescriptor, type ModuleKind } from '../cnb/module.ts';
import { isSystem, SlipwayError } from '../core/errors.ts';
import { decodeWith, readIfPresent } from './read-file.ts';

/** How phases look modules up. */
export interface ModuleFinder {
  /** Throws `BUILDPACK_NOT_FOUND` or `FILE_INVALID`, both with exit code 1. */
  readonly find: (id: string, version: string) => Promise<ModuleDescriptor>;
}

/** What a missing or malformed descriptor is reported as (contract §7.1). */
const WORDING = { prefix: 'failed to initialize detector: ', exit: 1 } as const;

export interface OpenModulesOptions {
  /** A directory that no link of a module may lead out of: the root of a builder image, which is somebody else's. */
  readonly within?: string;
  /** What stands before the reason when a descriptor cannot be read; default: the lifecycle's words. */
  readonly prefix?: string;
}

/** A `<dir>/<escaped id>/<version>/` tree of buildpacks or extensions; answers are remembered. */
export function openModules(directory: string, kind: ModuleKind, options: OpenModulesOptions = {}): ModuleFinder {
  const found = new Map<string, Promise<ModuleDescriptor>>();
  return {
    find: (id, version) => {
      const key = `${id}@${version}`;
      const known = found.get(key) ?? readModule(directory, kind, { id, version, ...options });
      found.set(key, known);
      return known;
    },
  };
}

interface Wanted extends OpenModulesOptions {
  readonly id: string;
  readonly version: string;
}

async function readModule(directory: string, kind: ModuleKind, wanted: Wanted): Promise<ModuleDescriptor> {
  const root = join(directory, escapeId(wanted.id), wanted.version);
  const isSound = isPathPart(escapeId(wanted.id)) && isPathPart(wanted.version);
  const found = isSound ? await readModuleAt(root, kind, wanted) : undefined;
  if (found === undefined) throw await notFound(directory, join(root, `${kind}.toml`), wanted);
  return found;
}

/** The module in a directory; undefined when it holds none of that kind. Throws `FILE_INVALID`, `BUILDPACK_INVALID`. */
export async function readModuleAt(
  root: string,
  kind: ModuleKind,
  { within, prefix = WORDING.prefix }: OpenModulesOptions = {},
): Promise<ModuleDescriptor | undefined> {
  const wording = { ...WORDING, prefix };
  const path = join(root, `${kind}.toml`);
  if (within !== undefined) await refuseLinkOut(path, within);
  const bytes = await readIfPresent(path, wording);
  if (bytes === undefined) return undefined;
  const [hasBuild, hasDetect, hasGenerate] = await Promise.all(
    ['build', 'detect', 'generate'].map((name) => exists(join(root, 'bin', name))),
  );
  const facts = {
    root,
    hasBuild: hasBuild === true,
    hasDetect: hasDetect === true,
    hasGenerate: hasGenerate === true,
  };
  return decodeWith(wording, () => decodeModule(bytes, path, kind, facts));
}

async function refuseLinkOut(path: string, within: string): Promise<void> {
  try {
    const [real, root] = await Promise.all([realpath(path), realpath(within)]);
    if (root !== '/' && !real.startsWith(`${root}/`))
      throw new SlipwayError('BUILDPACK_INVALID', `${path} is a link that leads out of the builder`);
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTDIR')) throw error;
  }
}

/** Neither empty nor a step out of the directory. */
function isPathPart(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('\0') && !name.includes('/');
}

async function notFound(directory: string, path: string, wanted: Wanted): Promise<SlipwayError> {
  const versions = await list(join(directory, escapeId(wanted.id)));
  const ids = versions.length > 0 ? [] : await list(directory);
  const hint =
    versions.length > 0
      ? `${wanted.id} is there as ${versions.join(', ')}`
      : ids.length > 0
        ? `${directory} has ${ids.slice(0, 20).join(', ')}`
        : `${directory} is empty or does not exist`;
  return new SlipwayError(
    'BUILDPACK_NOT_FOUND',
    `${wanted.prefix ?? WORDING.prefix}open ${path}: no such file or directory`,
    {
      hint,
      exit: WORDING.exit,
      details: { id: wanted.id, version: wanted.version },
    },
  );
}

async function list(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES')) return false;
    throw error;
  }
}
