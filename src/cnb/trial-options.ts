import type { GroupElement } from './module.ts';
import type { BuildPlan, PlanSection } from './plan.ts';
import type { TrialElement } from './plan-trial.ts';

/** The sections that a module offers, in the order in which they are tried. */
export type TrialOptions = readonly TrialElement[];

/** The sections to try, in turn; a module is optional only in its last one, so that the others are tried in earnest. */
export function trialOptions(module: GroupElement, plan: BuildPlan | undefined): TrialOptions {
  const sections: readonly PlanSection[] = plan ?? [{ provides: [], requires: [] }];
  return sections.map((section, index) => ({
    module: { ...module, optional: module.optional === true && index === sections.length - 1 },
    section,
  }));
}

/** The cartesian product, depth first: the first element's option varies slowest. */
export function* trialsOf(options: readonly TrialOptions[]): Iterable<readonly TrialElement[]> {
  const chosen = options.map(() => 0);
  for (;;) {
    yield options.flatMap((list, index) => list[chosen[index] ?? 0] ?? []);
    let at = options.length - 1;
    while (at >= 0 && (chosen[at] ?? 0) + 1 >= (options[at]?.length ?? 0)) {
      chosen[at] = 0;
      at -= 1;
    }
    if (at < 0) return;
    chosen[at] = (chosen[at] ?? 0) + 1;
  }
}
