import { chmod, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { legacyBomJson, type OwnedBomEntry } from '../../cnb/bom.ts';
import { escapeId, moduleName, type ModuleDescriptor } from '../../cnb/module.ts';
import { writeError } from '../../core/atomic-file.ts';
import { retold, SlipwayError } from '../../core/errors.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import type { Place } from '../../layer/place.ts';
import { giveTree } from '../shared-directory.ts';
import type { DiskLayer } from '../../workspace/layers-directory.ts';
import { readInside } from '../../workspace/read-inside.ts';
import { listSbomFiles, type SbomFile } from '../../workspace/sbom-files.ts';

/** A file to copy, with its place below `<layers>/sbom`. */
export interface SbomCopy {
  readonly from: string;
  readonly to: string;
}

/**
 * The SBOM files of one buildpack, checked (contract §12.6), and where they go (§5.19). Throws `BUILDPACK_INVALID`, exit 52, for a
 * format that does not exist or that the buildpack did not declare.
 */
export async function collectSboms(
  module: ModuleDescriptor,
  layers: readonly DiskLayer[],
  place: Place,
): Promise<readonly SbomCopy[]> {
  const directory = join(place.real, escapeId(module.id));
  const files = await listSbomFiles(
    directory,
    layers.map((layer) => layer.name),
  );
  return files.flatMap((file) => {
    check(file, module, join(place.logical, relative(place.real, file.path)));
    return folders(file, layers).map((folder) => ({
      from: file.path,
      to: join(folder, escapeId(module.id), ...layerFolder(file), `sbom.${file.format}.json`),
    }));
  });
}

/** Copies the files and writes the two legacy lists, if they are files. `sbom/` was emptied before the build. */
export async function writeSboms(
  copies: readonly SbomCopy[],
  legacy: { readonly launch: readonly OwnedBomEntry[]; readonly build: readonly OwnedBomEntry[] } | undefined,
  place: Place,
  log: (message: string) => void,
): Promise<void> {
  const root = join(place.real, 'sbom');
  log('Copying SBOM files');
  for (const copy of copies) await write(root, copy.to, await readSbom(copy.from, place));
  if (legacy !== undefined) {
    log('Creating SBOM files for legacy BOM');
    await write(root, 'launch/sbom.legacy.json', legacyBomJson(legacy.launch));
    await write(root, 'build/sbom.legacy.json', legacyBomJson(legacy.build));
  }
  if (legacy !== undefined || copies.length > 0) await giveTree(root, place.owner);
}

function check(file: SbomFile, module: ModuleDescriptor, shown: string): void {
  if (file.mediaType === undefined) throw invalid(`unsupported SBOM file format: '${shown}'`);
  if (module.sbomFormats.includes(file.mediaType)) return;
  throw invalid(
    `validating SBOM file '${shown}' for buildpack: '${moduleName(module)}': undeclared SBOM media type: '${file.mediaType}'`,
  );
}

function invalid(message: string): SlipwayError {
  return new SlipwayError('BUILDPACK_INVALID', message, { exit: 52 });
}

function folders(file: SbomFile, layers: readonly DiskLayer[]): readonly ('launch' | 'build' | 'cache')[] {
  const { scope } = file;
  if (scope.kind !== 'layer') return [scope.kind];
  const types = layers.find((layer) => layer.name === scope.name)?.file?.types;
  return [types?.launch === true ? 'launch' : 'build', ...(types?.cache === true ? (['cache'] as const) : [])];
}

function layerFolder(file: SbomFile): readonly string[] {
  return file.scope.kind === 'layer' ? [file.scope.name] : [];
}

async function readSbom(path: string, place: Place): Promise<Buffer> {
  try {
    return await readInside(path, place.real);
  } catch (error) {
    if (error instanceof SlipwayError) throw retold(error, { exit: 52 });
    throw new SlipwayError('FILE_NOT_READABLE', `cannot read ${join(place.logical, relative(place.real, path))}`, {
      cause: error,
      exit: 52,
    });
  }
}

/** Modes are fixed: they are in a layer, which must not depend on the umask. */
async function write(root: string, path: string, bytes: Uint8Array | string): Promise<void> {
  const target = join(root, path);
  try {
    await makeDirectory(dirname(target));
    for (let above = dirname(target); above.startsWith(root); above = dirname(above)) await chmod(above, 0o755);
    await writeFile(target, bytes);
    await chmod(target, 0o644);
  } catch (error) {
    throw writeError(target, error);
  }
}
