import { readFile } from 'node:fs/promises';
import { apiSubject, checkBuildpackApi, type Deprecations } from '../cnb/deprecations.ts';
import { buildpackFeatures } from '../cnb/features.ts';
import type { GroupElement } from '../cnb/module.ts';
import type { Context } from '../core/context.ts';
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
  readonly extensionsDir?: string;
  readonly owner: Owner;
}

export function dirsOnDisk(paths: DirPaths): BuildDirs {
  return {
    layers: placeOnDisk(paths.layersDir, paths.owner),
    app: placeOnDisk(paths.appDir, paths.owner),
    platform: samePath(paths.platformDir),
    buildConfig: samePath(paths.buildConfigDir),
    buildpacks: samePath(paths.buildpacksDir),
    ...(paths.extensionsDir === undefined ? {} : { extensions: samePath(paths.extensionsDir) }),
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

/** Every module of the group must ask for a Buildpack API that is known, and not for a deprecated one (contract §1.3): exit 12. */
export function checkGroupApis(group: readonly GroupElement[], deprecations: Deprecations, ctx: Context): void {
  for (const element of group) {
    buildpackFeatures(element.api, apiSubject(element));
    checkBuildpackApi(element, deprecations, (level, message) => ctx.emit({ type: 'log', level, message }));
  }
}

function samePath(path: string): DirPair {
  return { real: path, logical: path };
}
