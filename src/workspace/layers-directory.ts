import type { SlipwayError } from '../core/errors.ts';
import type { LayerFile } from '../cnb/layer-metadata.ts';

/** A layer as it lies in `<layers>/<escaped buildpack id>/`. */
export interface DiskLayer {
  readonly name: string;
  /** `<name>.toml`, when it is there and sound. */
  readonly file?: LayerFile;
  /** Why `<name>.toml` cannot be read. */
  readonly problem?: SlipwayError;
  /** True when `<name>` exists; an empty directory is contents. */
  readonly hasContents: boolean;
  /** Absolute path of `<name>`. */
  readonly path: string;
}

/** The layers of one buildpack's directory, in byte order of their names; [] when it does not exist. */
export function listLayers(_directory: string): Promise<readonly DiskLayer[]> {
  throw new Error('not yet');
}
