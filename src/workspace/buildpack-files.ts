import type { BuildpackFeatures } from '../cnb/features.ts';
import type { BuildFile } from '../cnb/files/build.ts';
import type { LaunchFile } from '../cnb/files/launch.ts';
import type { LayerFile, LayerTypes } from '../cnb/layer-metadata.ts';
import type { TomlTable } from '../cnb/toml-value.ts';

/** launch.toml of one buildpack; empty when missing. */
export function readLaunch(_path: string, _features: BuildpackFeatures, _buildpackId: string): Promise<LaunchFile> {
  throw new Error('not yet');
}

/** build.toml of one buildpack; empty when missing. */
export function readBuild(_path: string): Promise<BuildFile> {
  throw new Error('not yet');
}

/** `<layer>.toml`; undefined when missing. */
export function readLayerFile(_path: string): Promise<LayerFile | undefined> {
  throw new Error('not yet');
}

export function writeLayerFile(
  _path: string,
  _metadata: TomlTable | null | undefined,
  _types?: LayerTypes,
): Promise<void> {
  throw new Error('not yet');
}

/** `[metadata]` of store.toml: null when it has none, undefined when the file is missing. */
export function readStore(_path: string, _buildpackId: string): Promise<TomlTable | null | undefined> {
  throw new Error('not yet');
}

export function writeStore(_path: string, _metadata: TomlTable | null): Promise<void> {
  throw new Error('not yet');
}
