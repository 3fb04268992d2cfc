import type { ModuleDescriptor } from '../cnb/module.ts';
import type { Place } from '../layer/place.ts';
import type { Mount, SandboxRoot } from '../sandbox/sandbox.ts';

/** A directory of this machine and the path by which a buildpack finds it (where the sandbox maps paths). */
export interface DirPair {
  /** Absolute path here. */
  readonly real: string;
  /** Absolute path as a buildpack sees it. */
  readonly logical: string;
}

/** The directories that detect and build hand to buildpacks. `platform` and `buildConfig` may be missing on disk. */
export interface BuildDirs {
  readonly layers: Place;
  readonly app: Place;
  readonly platform: DirPair;
  readonly buildConfig: DirPair;
  readonly buildpacks: DirPair;
  /** What buildpacks have as `/`; absent: this machine's. */
  readonly root?: SandboxRoot;
  /** What the user shows to buildpacks besides: volumes, bindings, secrets. */
  readonly mounts?: readonly Mount[];
  /** Only where extensions run; may be missing on disk. */
  readonly extensions?: DirPair;
  /**
   * Modules that are mounted one by one, each below `buildpacks` or `extensions` by id and version. Where there are any, those two are not
   * mounted: a root of its own has them, and without one these are all.
   */
  readonly modules?: readonly ModuleDescriptor[];
}
