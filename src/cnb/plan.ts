import type { ModuleKind } from './module.ts';
import type { TomlTable } from './toml-value.ts';

/** A requirement: a name and whatever the requiring module says about it. */
export interface Require {
  readonly name: string;
  readonly metadata?: TomlTable;
}

/** One section of a build plan written by `bin/detect`. */
export interface PlanSection {
  readonly provides: readonly string[];
  readonly requires: readonly Require[];
}

/** A whole build plan: the top-level section, then each `[[or]]`. */
export type BuildPlan = readonly [PlanSection, ...PlanSection[]];

/** An entry of plan.toml (contract §5.4). */
export interface PlanEntry {
  readonly providers: readonly { readonly kind: ModuleKind; readonly id: string; readonly version: string }[];
  readonly requires: readonly Require[];
}

export type Plan = readonly PlanEntry[];
