import type { SystemFile } from './files/system.ts';
import type { Order, OrderGroup } from './module.ts';
import type { PlanLogLine } from './resolve-plan.ts';

export interface SystemOrder {
  readonly order: Order;
  /** Debug lines, to be printed at once. */
  readonly lines: readonly PlanLogLine[];
}

/** The order with the system buildpacks around each top-level group, unless it has that id already (contract §7.1). */
export function mergeSystem(order: Order, system: SystemFile): SystemOrder {
  const lines: PlanLogLine[] = [];
  const say = (verb: string, count: number): void => {
    if (count > 0) lines.push({ level: 'debug', message: `${verb} ${String(count)} system buildpack(s) to group` });
  };
  const merged = order.map((group) => {
    const pre = missingFrom(group, system.pre);
    const post = missingFrom([...pre, ...group], system.post);
    say('Prepending', pre.length);
    say('Appending', post.length);
    return [...pre, ...group, ...post];
  });
  return { order: merged, lines };
}

function missingFrom(group: OrderGroup, wanted: OrderGroup): OrderGroup {
  return wanted.filter((one) => !group.some((element) => element.kind === one.kind && element.id === one.id));
}
