import { dirname, join } from 'node:path';
import { ownedBom, type OwnedBomEntry } from '../cnb/bom.ts';
import type { BuildpackFeatures } from '../cnb/features.ts';
import { decodeBuild, EMPTY_BUILD, type BuildFile } from '../cnb/files/build.ts';
import { decodeLaunch, EMPTY_LAUNCH, type LaunchFile } from '../cnb/files/launch.ts';
import { decodeLayerFile, encodeLayerFile } from '../cnb/files/layer.ts';
import { decodeStore, encodeStore } from '../cnb/files/store.ts';
import type { LayerFile, LayerTypes } from '../cnb/layer-metadata.ts';
import { escapeId, type GroupElement } from '../cnb/module.ts';
import type { TomlTable } from '../cnb/toml-value.ts';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { readIfPresent } from './read-file.ts';

/** launch.toml of one buildpack; empty when missing. Throws `FILE_INVALID`, `BUILDPACK_INVALID`. */
export async function readLaunch(path: string, features: BuildpackFeatures, buildpackId: string): Promise<LaunchFile> {
  const bytes = await readLeft(path);
  return bytes === undefined ? EMPTY_LAUNCH : decodeLaunch(bytes, path, features, buildpackId);
}

/** build.toml of one buildpack; empty when missing. Throws `FILE_INVALID`, `BUILDPACK_INVALID`. */
export async function readBuild(path: string): Promise<BuildFile> {
  const bytes = await readLeft(path);
  return bytes === undefined ? EMPTY_BUILD : decodeBuild(bytes, path);
}

/** The legacy bills of materials in the build.toml files of a group, in its order. */
export async function readBuildBom(
  group: readonly GroupElement[],
  layers: { readonly real: string },
): Promise<readonly OwnedBomEntry[]> {
  const found: OwnedBomEntry[] = [];
  for (const module of group.filter(({ kind }) => kind === 'buildpack')) {
    const { bom } = await readBuild(join(layers.real, escapeId(module.id), 'build.toml'));
    found.push(...ownedBom(bom, module));
  }
  return found;
}

/** `<layer>.toml`; undefined when missing. Throws `FILE_INVALID`, `BUILDPACK_INVALID`. */
export async function readLayerFile(path: string): Promise<LayerFile | undefined> {
  const bytes = await readLeft(path);
  return bytes === undefined ? undefined : decodeLayerFile(bytes, path);
}

/** Replaces `<layer>.toml`; without `types` it is what a restored layer has. */
export function writeLayerFile(
  path: string,
  metadata: TomlTable | null | undefined,
  types?: LayerTypes,
): Promise<void> {
  return writeFileAtomic(path, encodeLayerFile(metadata, types));
}

/** `[metadata]` of store.toml: null when it has none, undefined when the file is missing. Throws `FILE_INVALID`. */
export async function readStore(path: string, buildpackId: string): Promise<TomlTable | null | undefined> {
  const bytes = await readLeft(path);
  return bytes === undefined ? undefined : decodeStore(bytes, path, buildpackId);
}

export function writeStore(path: string, metadata: TomlTable | null): Promise<void> {
  return writeFileAtomic(path, encodeStore(metadata));
}

/** A file in a buildpack's layers directory: the buildpack made it, and maybe as a link. */
function readLeft(path: string): Promise<Uint8Array | undefined> {
  return readIfPresent(path, { prefix: '' }, { within: dirname(path) });
}
