import { readFile } from 'node:fs/promises';
import { buildpackFeatures } from '../cnb/features.ts';
import { moduleName, type GroupElement } from '../cnb/module.ts';
import { isSystem } from '../core/errors.ts';
import type { Owner, Place } from '../layer/place.ts';
import type { BuildDirs, DirPair } from '../phases/build-dirs.ts';

/** A directory that is where the image has it: what the lifecycle's own programs work on. */
export function placeOnDisk(path: string, owner: Owner): Place {
  return { logical: path, real: path, owner, parents: 'from-disk' };
}

export interface DirPaths {
  readonly layersDir: string;
  readonly appDir: string;
  readonly platformDir: string;
  readonly buildConfigDir: string;
  readonly buildpacksDir: string;
  readonly owner: Owner;
}

export function dirsOnDisk(paths: DirPaths): BuildDirs {
  return {
    layers: placeOnDisk(paths.layersDir, paths.owner),
    app: placeOnDisk(paths.appDir, paths.owner),
    platform: samePath(paths.platformDir),
    buildConfig: samePath(paths.buildConfigDir),
    buildpacks: samePath(paths.buildpacksDir),
  };
}

/** The build environment's /etc/os-release; undefined when there is none. */
export async function readOsRelease(): Promise<string | undefined> {
  try {
    return await readFile('/etc/os-release', 'utf8');
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}

/** Every module of the group must ask for a Buildpack API that is known (contract §1.3): exit 12. */
export function checkGroupApis(group: readonly GroupElement[]): void {
  for (const element of group)
    buildpackFeatures(
      element.api,
      `${element.kind === 'buildpack' ? 'Buildpack' : 'Extension'} '${moduleName(element)}'`,
    );
}

function samePath(path: string): DirPair {
  return { real: path, logical: path };
}
