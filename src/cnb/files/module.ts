import type { ModuleDescriptor, ModuleKind } from '../module.ts';

/** What the disk says about a module. */
export interface ModuleFacts {
  /** Absolute directory. */
  readonly root: string;
  readonly hasBuild: boolean;
  readonly hasDetect: boolean;
  readonly hasGenerate: boolean;
}

/** buildpack.toml or extension.toml (contract §5.10, §5.11), targets inferred (§7.6). Throws `FILE_INVALID`. */
export function decodeModule(
  _bytes: Uint8Array | string,
  _file: string,
  _kind: ModuleKind,
  _facts: ModuleFacts,
): ModuleDescriptor {
  throw new Error('not yet');
}
