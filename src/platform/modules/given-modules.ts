import type { ModuleDescriptor } from '../../cnb/module.ts';
import type { Lease } from '../../core/lease.ts';
import type { Locator } from '../../locate/locator.ts';
import type { Platform } from '../../oci/platform.ts';
import type { DownloadPlace } from '../download/download-place.ts';

/** A module that a locator led to, and those that come with it: every `root` is a directory of this machine that nobody changes. */
export interface GivenModules {
  readonly main: ModuleDescriptor;
  /** With `main`; each once. */
  readonly modules: readonly ModuleDescriptor[];
}

/** What opening modules needs. */
export interface ModulePorts {
  readonly locator: Locator;
  /** The platform that packages are taken for; undefined: their own, or this machine's. */
  readonly target: Platform | undefined;
  /** Directory of unpacked images and archives. */
  readonly store: string;
  /** Whoever runs buildpacks sees this machine's paths and cannot look into the store. */
  readonly copiesPackages: boolean;
  readonly downloads: DownloadPlace;
  /** Keeps what was opened from removal until the build is over. */
  readonly hold: <T extends Lease>(lease: T) => T;
}
