import { moduleName, type GroupElement } from './module.ts';
import type { Plan, PlanSection, Require } from './plan.ts';

/** A module with the section of its build plan that is being tried. */
export interface TrialElement {
  readonly module: GroupElement;
  readonly section: PlanSection;
}

export interface SolvedTrial {
  /** What is left of the trial. */
  readonly trial: readonly TrialElement[];
  readonly plan: Plan;
}

/**
 * One trial of contract §7.7 step 5: drops optional elements with unmet requires or unused provides until nothing changes; a
 * required one fails the trial (undefined). `log` gets a line for each decision.
 */
export function resolveTrial(
  elements: readonly TrialElement[],
  log: (message: string) => void,
): SolvedTrial | undefined {
  let trial = elements;
  for (;;) {
    const dependencies = dependenciesOf(trial);
    const dropped = new Set<TrialElement>();
    for (const { element, complaint } of complaintsOf(dependencies)) {
      const isOptional = element.module.optional === true;
      log(`${isOptional ? 'skip' : 'fail'}: ${moduleName(element.module)} ${complaint}`);
      if (!isOptional) return undefined;
      dropped.add(element);
    }
    if (dropped.size === 0) return finish(trial, dependencies, log);
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
  readonly complaint: string;
}

/** All unmet requires, then all unused provides. */
function complaintsOf(dependencies: ReadonlyMap<string, Dependency>): readonly Complaint[] {
  const all = [...dependencies];
  return [
    ...all.flatMap(([name, { early }]) => early.map((element) => ({ element, complaint: `requires ${name}` }))),
    ...all.flatMap(([name, { extra }]) => extra.map((element) => ({ element, complaint: `provides unused ${name}` }))),
  ];
}

function finish(
  trial: readonly TrialElement[],
  dependencies: ReadonlyMap<string, Dependency>,
  log: (message: string) => void,
): SolvedTrial | undefined {
  if (trial.length === 0) {
    log('fail: no viable buildpacks in group');
    return undefined;
  }
  const plan = [...dependencies.values()].map(({ providers, requires }) => ({
    providers: providers.map(({ module: { kind, id, version } }) => ({ kind, id, version })),
    requires,
  }));
  return { trial, plan };
}
