import type { LayerFile, LayerTypes } from '../layer-metadata.ts';
import type { TomlTable } from '../toml-value.ts';

/** `<layer>.toml` (contract §5.16). Throws `FILE_INVALID`; flags outside `[types]` are `BUILDPACK_INVALID`, exit 52. */
export function decodeLayerFile(_bytes: Uint8Array | string, _file: string): LayerFile {
  throw new Error('not yet');
}

/** As the restorer writes it: `[metadata]` only, empty when there is none; `[types]` first when given. */
export function encodeLayerFile(_metadata: TomlTable | null | undefined, _types?: LayerTypes): string {
  throw new Error('not yet');
}
