import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LayerFile } from '../cnb/layer-metadata.ts';
import { hasCode, isSystem, SlipwayError } from '../core/errors.ts';
import { compareBytes } from '../oci/go-json.ts';
import { readLayerFile } from './buildpack-files.ts';

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

/** Files of the buildpack itself, not of a layer. */
const OWN_FILES: readonly string[] = ['launch.toml', 'build.toml', 'store.toml'];

/**
 * The layers of one buildpack's directory, in byte order of their names; [] when it does not exist. A layer has a directory, a
 * `<name>.toml`, or both; names may hold dots. Directories that were set aside (`<name>.ignore`) are none. Throws
 * `BUILDPACK_INVALID` when it is a link or a file.
 */
export async function listLayers(directory: string): Promise<readonly DiskLayer[]> {
  const entries = await readEntries(directory);
  const directories = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const files = entries.filter((entry) => !entry.isDirectory() && isLayerFile(entry.name));
  const names = new Set([
    ...directories.filter((name) => !name.endsWith('.ignore')),
    ...files.map((entry) => entry.name.slice(0, -'.toml'.length)),
  ]);
  const present = new Set(entries.map((entry) => entry.name));
  return Promise.all(
    [...names].sort(compareBytes).map(async (name) => ({
      name,
      ...(files.some((entry) => entry.name === `${name}.toml`) ? await tryRead(join(directory, `${name}.toml`)) : {}),
      hasContents: present.has(name),
      path: join(directory, name),
    })),
  );
}

/** The names of what is in a buildpack's directory, in byte order; [] when it does not exist. Throws as `listLayers` does. */
export async function listItems(directory: string): Promise<readonly string[]> {
  return (await readEntries(directory)).map((entry) => entry.name).sort(compareBytes);
}

function isLayerFile(name: string): boolean {
  return name.endsWith('.toml') && name !== '.toml' && !OWN_FILES.includes(name);
}

async function tryRead(path: string): Promise<{ readonly file?: LayerFile; readonly problem?: SlipwayError }> {
  try {
    const file = await readLayerFile(path);
    return file === undefined ? {} : { file };
  } catch (error) {
    if (!hasCode(error, 'FILE_INVALID', 'BUILDPACK_INVALID', 'FILE_NOT_READABLE')) throw error;
    return { problem: error };
  }
}

/** A link in the place of the directory would lead whoever reads, renames or packs layers to somewhere else. */
async function readEntries(directory: string): Promise<readonly Dirent[]> {
  try {
    if (!(await lstat(directory)).isDirectory())
      throw new SlipwayError('BUILDPACK_INVALID', `the layers directory ${directory} is not a directory`);
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (isSystem(error, 'ENOENT')) return [];
    throw error;
  }
}
