import type { GroupElement, OrderElement } from './module.ts';
import type { Plan } from './plan.ts';
import type { PlanGap } from './plan-trial.ts';
import type { DetectAttempt } from './resolve-plan.ts';

/** One group of the expanded order, for whoever explains what became of it. */
export interface TriedGroup {
  /** `2` is the second group of the order, `2.1` it with the first choice of a composite, `2 without acme/meta` it without one. */
  readonly label: string;
  readonly attempts: readonly DetectAttempt[];
  readonly leftOut: readonly LeftOut[];
  readonly gaps: readonly PlanGap[];
  /** Who takes part, and with which plan; undefined when it did not pass. */
  readonly passed?: { readonly group: readonly GroupElement[]; readonly plan: Plan };
}

/** A module that was not looked at further: it is there for other execution environments. */
export interface LeftOut {
  readonly module: OrderElement;
  readonly execEnv: readonly string[];
}
