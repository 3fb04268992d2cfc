import type { TargetMetadata } from './analyzed.ts';
import type { ModuleDescriptor, Order, OrderElement } from './module.ts';
import type { DetectRun, PlanLogLine, Resolution } from './resolve-plan.ts';

export interface DetectOrderInput {
  readonly order: Order;
  readonly extensions: Order;
  /** Completed target of the run image (`completeTarget`). */
  readonly target: TargetMetadata;
  /** CNB_EXEC_ENV; undefined switches its filter off (Platform API < 0.15). */
  readonly execEnv: string | undefined;
}

export interface DetectOrderPorts {
  /** Descriptor of a module. Throws what stops detection (`BUILDPACK_NOT_FOUND`). */
  readonly find: (element: OrderElement) => Promise<ModuleDescriptor>;
  /** Runs detection; called at most once a kind, id and version, several at once. A failing program is a result, not an error. */
  readonly detect: (module: ModuleDescriptor) => Promise<DetectRun>;
  /** Lines that are printed at once (targets, exec-env). */
  readonly log: (line: PlanLogLine) => void;
}

/**
 * Expands an order depth first until one group passes (contract §7.2). `lines` of the result are the resolver's of every attempted
 * group: on failure the caller prints all of them, whatever the log level (§7.8). Throws `ORDER_CYCLE` naming the chain (GAP-31).
 */
export function detectOrder(_input: DetectOrderInput, _ports: DetectOrderPorts): Promise<Resolution> {
  throw new Error('not yet');
}
