import { moduleName, type GroupElement } from './module.ts';
import type { Plan, PlanSection, Require } from './plan.ts';

/** A module with the section of its build plan that is being tried. */
export interface TrialElement {
  readonly module: GroupElement;
  readonly section: PlanSection;
}

/** What a module lacked in a trial: a name that it requires and nothing before it provides, or provides and nothing after it requires. */
export interface PlanGap {
  readonly module: GroupElement;
  readonly kind: 'requires' | 'provides';
  readonly name: string;
}

export type Trial =
  | {
      readonly kind: 'solved';
      /** What is left of the trial. */
      readonly trial: readonly TrialElement[];
      readonly plan: Plan;
      /** Of the optional elements that were dropped. */
      readonly gaps: readonly PlanGap[];
    }
  | { readonly kind: 'failed'; readonly gaps: readonly PlanGap[] };

/**
 * One trial of contract §7.7 step 5: drops optional elements with unmet requires or unused provides until nothing changes; a
 * required one fails the trial. `log` gets a line for each decision.
 */
export function resolveTrial(elements: readonly TrialElement[], log: (message: string) => void): Trial {
  const gaps: PlanGap[] = [];
  let trial = elements;
  for (;;) {
    const dependencies = dependenciesOf(trial);
    const complaints = complaintsOf(dependencies);
    gaps.push(...complaints.map(({ element: { module }, kind, name }) => ({ module, kind, name })));
    const dropped = new Set<TrialElement>();
    for (const { element, kind, name } of complaints) {
      const isOptional = element.module.optional === true;
      const verb = kind === 'requires' ? 'requires' : 'provides unused';
      log(`${isOptional ? 'skip' : 'fail'}: ${moduleName(element.module)} ${verb} ${name}`);
      if (!isOptional) return { kind: 'failed', gaps };
      dropped.add(element);
    }
    if (dropped.size === 0) return finish(trial, { dependencies, gaps }, log);
    trial = trial.filter((element) => !dropped.has(element));
  }
}

interface Dependency {
  readonly providers: TrialElement[];
  readonly requires: Require[];
  /** Requires before any provide. */
  readonly early: TrialElement[];
  /** Provides that nothing after them required yet. */
  extra: TrialElement[];
}

function dependenciesOf(trial: readonly TrialElement[]): ReadonlyMap<string, Dependency> {
  const dependencies = new Map<string, Dependency>();
  const of = (name: string): Dependency => {
    const found = dependencies.get(name) ?? { providers: [], requires: [], early: [], extra: [] };
    dependencies.set(name, found);
    return found;
  };
  for (const element of trial) {
    for (const name of element.section.provides) of(name).extra.push(element);
    for (const require of element.section.requires) {
      const dependency = of(require.name);
      dependency.providers.push(...dependency.extra);
      dependency.extra = [];
      if (dependency.providers.length === 0) dependency.early.push(element);
      else dependency.requires.push(require);
    }
  }
  return dependencies;
}

interface Complaint {
  readonly element: TrialElement;
  readonly kind: PlanGap['kind'];
  readonly name: string;
}

/** All unmet requires, then all unused provides. */
function complaintsOf(dependencies: ReadonlyMap<string, Dependency>): readonly Complaint[] {
  const all = [...dependencies];
  return [
    ...all.flatMap(([name, { early }]) => early.map((element) => ({ element, kind: 'requires', name }) as const)),
    ...all.flatMap(([name, { extra }]) => extra.map((element) => ({ element, kind: 'provides', name }) as const)),
  ];
}

function finish(
  trial: readonly TrialElement[],
  found: { readonly dependencies: ReadonlyMap<string, Dependency>; readonly gaps: readonly PlanGap[] },
  log: (message: string) => void,
): Trial {
  const { dependencies, gaps } = found;
  if (trial.length === 0) {
    log('fail: no viable buildpacks in group');
    return { kind: 'failed', gaps };
  }
  const plan = [...dependencies.values()].map(({ providers, requires }) => ({
    providers: providers.map(({ module: { kind, id, version } }) => ({ kind, id, version })),
    requires,
  }));
  return { kind: 'solved', trial, plan, gaps };
}
