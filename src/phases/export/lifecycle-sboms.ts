import { copyFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeError } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { isSystem } from '../../core/errors.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { pathKind } from '../../core/path-kind.ts';
import type { Place } from '../../layer/place.ts';
import { log } from './layer-request.ts';

const FORMATS = ['cdx', 'spdx', 'syft'] as const;
const COMPONENTS = [
  { name: 'lifecycle', target: join('build', 'buildpacksio_lifecycle') },
  { name: 'launcher', target: join('launch', 'buildpacksio_lifecycle', 'launcher') },
] as const;

/** Where the SBOMs of lifecycle and launcher are. */
export interface SbomDirectories {
  readonly real: string;
  readonly logical: string;
  /** `-launcher-sbom`: a directory of the launcher's SBOMs alone, by any names. */
  readonly launcher?: string | undefined;
}

/** Copies the SBOMs of lifecycle and launcher below `<layers>/sbom` (contract §5.19, §13.1); an absent one is a warning. */
export async function copyLifecycleSboms(from: SbomDirectories, layers: Place, ctx: Context): Promise<void> {
  for (const component of COMPONENTS) {
    if (component.name === 'launcher' && from.launcher !== undefined) {
      await copyAll(from.launcher, join(layers.real, 'sbom', component.target), ctx);
      continue;
    }
    for (const format of FORMATS) {
      const name = `${component.name}.sbom.${format}.json`;
      const target = join(layers.real, 'sbom', component.target, `sbom.${format}.json`);
      if (await copyIfThere(join(from.real, name), target))
        log(ctx, 'debug', `Copying SBOM ${from.logical}/${name} to ${target}`);
      else log(ctx, 'warn', `Did not find SBOM ${name} in ${from.logical}`);
    }
  }
}

/** Every file of the directory that is an SBOM by its ending, under its own name. */
async function copyAll(source: string, target: string, ctx: Context): Promise<void> {
  const names = await readdir(source).catch((error: unknown) => {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  });
  if (names === undefined) log(ctx, 'warn', `Failed to list contents of directory ${source}`);
  for (const name of (names ?? []).sort()) {
    if (!FORMATS.some((format) => name.endsWith(`sbom.${format}.json`))) continue;
    await copyIfThere(join(source, name), join(target, name));
    log(ctx, 'debug', `Copying SBOM ${source}/${name} to ${join(target, name)}`);
  }
}

async function copyIfThere(source: string, target: string): Promise<boolean> {
  // Without a file nothing is made: an empty directory would be in the SBOM layer.
  if ((await pathKind(source)) === undefined) return false;
  try {
    await makeDirectory(dirname(target));
    await copyFile(source, target);
    return true;
  } catch (error) {
    throw writeError(target, error);
  }
}
