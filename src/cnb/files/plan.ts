import type { Plan, Require } from '../plan.ts';

/** plan.toml (contract §5.4). */
export function decodePlan(_bytes: Uint8Array | string, _file: string): Plan {
  throw new Error('not yet');
}

export function encodePlan(_plan: Plan): string {
  throw new Error('not yet');
}

/** The buildpack plan given to `bin/build` (contract §5.13). */
export function encodeBuildpackPlan(_entries: readonly Require[]): string {
  throw new Error('not yet');
}
