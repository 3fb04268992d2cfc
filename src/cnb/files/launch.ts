import type { BomEntry } from '../bom.ts';
import type { BuildpackFeatures } from '../features.ts';
import type { Label, LaunchProcess, Slice } from '../process.ts';

export interface LaunchFile {
  readonly processes: readonly LaunchProcess[];
  readonly labels: readonly Label[];
  readonly slices: readonly Slice[];
  readonly bom: readonly BomEntry[];
}

/** launch.toml (contract §5.14). Throws `FILE_INVALID` or `BUILDPACK_INVALID`, exit 52. */
export function decodeLaunch(
  _bytes: Uint8Array | string,
  _file: string,
  _features: BuildpackFeatures,
  _buildpackId: string,
): LaunchFile {
  throw new Error('not yet');
}
