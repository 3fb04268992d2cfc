import type { PlanLogLine } from './resolve-plan.ts';
import type { SystemFile } from './files/system.ts';
import type { Order } from './module.ts';

/** The order with the system buildpacks around each top-level group, unless it has that id already (contract §7.1). */
export function mergeSystem(
  _order: Order,
  _system: SystemFile,
): { readonly order: Order; readonly lines: readonly PlanLogLine[] } {
  throw new Error('not yet');
}
