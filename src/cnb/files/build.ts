import type { BomEntry } from '../bom.ts';

export interface BuildFile {
  /** Names of plan entries that the buildpack left to others. */
  readonly unmet: readonly string[];
  readonly bom: readonly BomEntry[];
}

/** build.toml (contract §5.15). Throws `FILE_INVALID` or `BUILDPACK_INVALID`, exit 52. */
export function decodeBuild(_bytes: Uint8Array | string, _file: string): BuildFile {
  throw new Error('not yet');
}
