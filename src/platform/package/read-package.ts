import { decodeModuleLayers, moduleLayersKey } from '../../cnb/package-labels.ts';
import type { ModuleKind } from '../../cnb/module.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Image } from '../../ports/image.ts';
import type { PackagedModule } from './packaged-module.ts';

/** The modules of a buildpackage (or builder): its labels say which, its layers hold them. Throws `IMAGE_INVALID` naming `subject`. */
export function modulesOf(image: Image, kind: ModuleKind, subject: string): readonly PackagedModule[] {
  const key = moduleLayersKey(kind);
  const label = image.config.labels[key];
  if (label === undefined) return [];
  const modules = decodeModuleLayers(label);
  if (modules === undefined) throw invalid(subject, `its label ${key} is malformed`);
  return modules.map(({ id, version, info, diffId }) => {
    const layer = image.layers.find((each) => each.diffId === diffId);
    if (layer === undefined)
      throw invalid(subject, `it has no layer ${diffId}, which is ${id}@${version} by its label`);
    return { kind, id, version, info, layer };
  });
}

function invalid(subject: string, problem: string): SlipwayError {
  return new SlipwayError('IMAGE_INVALID', `${subject} is no buildpackage: ${problem}`);
}
