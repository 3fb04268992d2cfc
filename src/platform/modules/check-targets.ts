import type { TargetMetadata } from '../../cnb/analyzed.ts';
import { moduleName, type ModuleDescriptor } from '../../cnb/module.ts';
import { matchesTarget } from '../../cnb/targets.ts';
import { describeTarget } from '../../phases/detect/explain.ts';
import { SlipwayError } from '../../core/errors.ts';

/** A builder, and what it is for. */
export interface TargetedBase {
  readonly name: string;
  readonly target: TargetMetadata;
}

/**
 * Refuses given modules that are for other machines or distributions than the builder (as pack does). A composite buildpack has no target of
 * its own, and of a builder that does not say its distribution any will do. Throws `BUILDPACK_MISFIT`.
 */
export function checkTargets(modules: readonly ModuleDescriptor[], { name, target }: TargetedBase): void {
  for (const module of modules) {
    if (module.order.length > 0) continue;
    const targets =
      target.distro === undefined ? module.targets.map((each) => ({ ...each, distros: [] })) : module.targets;
    if (matchesTarget({ targets }, target)) continue;
    const wanted = module.targets.map((each) => describeTarget(each)).join(', ');
    throw new SlipwayError('BUILDPACK_MISFIT', `${module.kind} ${moduleName(module)} is for ${wanted}`, {
      exit: 1,
      details: { [name]: describeBuilder(target) },
      hint: 'take another version of it, or another builder; --platform says for which machine the builder is taken',
    });
  }
}

function describeBuilder({ os, arch, archVariant, distro }: TargetMetadata): string {
  const distros = distro === undefined ? [] : [distro];
  return describeTarget({ os, arch, archVariant: archVariant ?? '', distros });
}
