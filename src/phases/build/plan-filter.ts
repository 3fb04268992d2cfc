import { moduleName, type ModuleDescriptor } from '../../cnb/module.ts';
import type { Plan, Require } from '../../cnb/plan.ts';
import { SlipwayError } from '../../core/errors.ts';

/** What a buildpack is asked to provide: the requires of every entry that names it as a provider, in plan order. */
export function requiresFor(module: ModuleDescriptor, plan: Plan): readonly Require[] {
  return plan
    .filter((entry) =>
      entry.providers.some(
        ({ kind, id, version }) => kind === module.kind && id === module.id && version === module.version,
      ),
    )
    .flatMap((entry) => entry.requires);
}

/**
 * The plan without what a buildpack has met: everything it was asked for but the names that it calls unmet. Throws
 * `BUILDPACK_INVALID` (exit 52) for an unmet name that it was not asked for.
 */
export function withoutMet(
  plan: Plan,
  requires: readonly Require[],
  unmet: readonly string[],
  module: ModuleDescriptor,
): Plan {
  const stranger = unmet.find((name) => !requires.some((one) => one.name === name));
  if (stranger !== undefined) {
    throw new SlipwayError('BUILDPACK_INVALID', `unmet.name '${stranger}' must match a requested dependency`, {
      exit: 52,
      details: { buildpack: moduleName(module) },
    });
  }
  const met = new Set(requires.map((one) => one.name).filter((name) => !unmet.includes(name)));
  return plan.filter((entry) => !entry.requires.some((one) => met.has(one.name)));
}
