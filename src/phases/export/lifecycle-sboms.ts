import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeError } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { pathKind } from '../../core/path-kind.ts';
import type { Place } from '../../layer/place.ts';
import { log } from './layer-request.ts';

const FORMATS = ['cdx', 'spdx', 'syft'] as const;
const COMPONENTS = [
  { name: 'lifecycle', target: join('build', 'buildpacksio_lifecycle') },
  { name: 'launcher', target: join('launch', 'buildpacksio_lifecycle', 'launcher') },
] as const;

/** Copies the SBOMs of lifecycle and launcher below `<layers>/sbom` (contract §5.19, §13.1); an absent one is a warning. */
export async function copyLifecycleSboms(
  from: { readonly real: string; readonly logical: string },
  layers: Place,
  ctx: Context,
): Promise<void> {
  for (const component of COMPONENTS) {
    for (const format of FORMATS) {
      const name = `${component.name}.sbom.${format}.json`;
      const target = join(layers.real, 'sbom', component.target, `sbom.${format}.json`);
      if (await copyIfThere(join(from.real, name), target))
        log(ctx, 'debug', `Copying SBOM ${from.logical}/${name} to ${target}`);
      else log(ctx, 'warn', `Did not find SBOM ${name} in ${from.logical}`);
    }
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
