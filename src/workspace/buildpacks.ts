import type { ModuleDescriptor, ModuleKind } from '../cnb/module.ts';

/** How phases look modules up. */
export interface ModuleFinder {
  /** Throws `BUILDPACK_NOT_FOUND` or `FILE_INVALID`. */
  readonly find: (id: string, version: string) => Promise<ModuleDescriptor>;
}

/** A `<dir>/<escaped id>/<version>/` tree of buildpacks or extensions; answers are remembered. */
export function openModules(_directory: string, _kind: ModuleKind): ModuleFinder {
  throw new Error('not yet');
}
