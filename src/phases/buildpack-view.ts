import { join, relative } from 'node:path';
import { escapeId, type ModuleDescriptor } from '../cnb/module.ts';
import { pathKind } from '../core/path-kind.ts';
import { type Mount, pathInside, type Sandbox } from '../sandbox/sandbox.ts';
import type { BuildDirs, DirPair } from './build-dirs.ts';

/** The path of a directory as a command in the sandbox sees it. */
export function seenPath(directory: DirPair, sandbox: Sandbox): string {
  return pathInside(sandbox, { source: directory.real, target: directory.logical });
}

/** The directory of a module as its programs see it. */
export function seenRoot(module: ModuleDescriptor, dirs: BuildDirs, sandbox: Sandbox): string {
  if (dirs.modules?.some(({ root }) => root === module.root) === true) return seenPath(placeOf(module, dirs), sandbox);
  const home = homeOf(module, dirs);
  return join(seenPath(home, sandbox), relative(home.real, module.root));
}

/** Where a module has a place of its own. */
function placeOf(module: ModuleDescriptor, dirs: BuildDirs): DirPair {
  return { real: module.root, logical: join(homeOf(module, dirs).logical, escapeId(module.id), module.version) };
}

function homeOf({ kind }: ModuleDescriptor, dirs: BuildDirs): DirPair {
  return kind === 'extension' ? (dirs.extensions ?? EXTENSIONS) : dirs.buildpacks;
}

const EXTENSIONS: DirPair = { real: '/cnb/extensions', logical: '/cnb/extensions' };

/** The directories that every module sees; those of the platform and of extensions only where there are any. */
export async function commonMounts(dirs: BuildDirs): Promise<readonly Mount[]> {
  const { modules } = dirs;
  return [
    ...(modules === undefined ? [mount(dirs.buildpacks, 'read-only')] : []),
    mount(dirs.app, 'writable'),
    ...(await mountIfPresent(dirs.platform)),
    ...(dirs.extensions === undefined || modules !== undefined ? [] : await mountIfPresent(dirs.extensions)),
    ...(modules ?? []).map((module) => mount(placeOf(module, dirs), 'read-only')),
    ...(dirs.mounts ?? []),
  ];
}

async function mountIfPresent(directory: DirPair): Promise<readonly Mount[]> {
  return (await pathKind(directory.real)) === undefined ? [] : [mount(directory, 'read-only')];
}

export function mount(directory: DirPair, access: 'read-only' | 'writable'): Mount {
  return { source: directory.real, target: directory.logical, writable: access === 'writable' };
}
