import type { LaunchProcess } from './process.ts';

export interface MergedProcesses {
  /** Sorted by type, `isDefault` erased. */
  readonly processes: readonly LaunchProcess[];
  readonly defaultProcessType?: string;
  /** Texts for the log, at level warn. */
  readonly warnings: readonly string[];
}

/**
 * The processes of all launch.toml files in group order (contract §12.4). Throws `BUILDPACK_INVALID` (exit 52) for two defaults in
 * one file.
 */
export function mergeProcesses(_files: readonly (readonly LaunchProcess[])[]): MergedProcesses {
  throw new Error('not yet');
}
