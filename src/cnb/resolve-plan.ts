import type { GroupElement } from './module.ts';
import type { BuildPlan, Plan } from './plan.ts';

/** What a module's detection gave. */
export interface DetectRun {
  /** 0 pass, 100 fail, -1 an error before or after the program, else the program's exit code. */
  readonly code: number;
  /** stdout and stderr of the program. */
  readonly output: string;
  /** Text for code -1 when there is one. */
  readonly error?: string;
  /** The plan; only with code 0. */
  readonly plan?: BuildPlan;
}

/** One attempted module of a group, in order of first appearance. */
export interface DetectAttempt {
  readonly module: GroupElement;
  readonly run: DetectRun;
}

export interface PlanLogLine {
  readonly level: 'debug' | 'info';
  readonly message: string;
}

export type Resolution =
  | {
      readonly kind: 'passed';
      readonly group: readonly GroupElement[];
      readonly plan: Plan;
      readonly lines: readonly PlanLogLine[];
    }
  | { readonly kind: 'failed'; readonly withErrors: boolean; readonly lines: readonly PlanLogLine[] };

/** Results, trials and plan of one expanded group (contract §7.7); plan entries in order of first appearance (GAP-28). */
export function resolvePlan(_attempts: readonly DetectAttempt[]): Resolution {
  throw new Error('not yet');
}
