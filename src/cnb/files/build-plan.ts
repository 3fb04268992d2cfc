import type { ModuleKind } from '../module.ts';
import type { BuildPlan } from '../plan.ts';

/** The plan written by `bin/detect` (contract §5.12). Throws `FILE_INVALID` or `BUILDPACK_INVALID` with the contract's texts (§7.3). */
export function decodeBuildPlan(_bytes: Uint8Array | string, _file: string, _kind: ModuleKind, _id: string): BuildPlan {
  throw new Error('not yet');
}
