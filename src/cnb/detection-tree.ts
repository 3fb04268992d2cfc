import type { ModuleKind, Order, OrderElement } from './module.ts';
import { orderOfInfo, type LabelledModule } from './package-labels.ts';

/** A group (without id) of an order, or a buildpack of a group; a composite buildpack has the groups of its own order. */
export interface DetectionEntry {
  readonly id?: string;
  readonly version?: string;
  readonly optional?: boolean;
  /** It contains itself: its order is not shown again. */
  readonly cyclic?: boolean;
  readonly entries: readonly DetectionEntry[];
}

/** An order with those of its composite buildpacks, `depth` of them deep; absent: to the end. */
export function detectionOrder(
  order: Order,
  modules: readonly LabelledModule[],
  depth: number = Number.POSITIVE_INFINITY,
): readonly DetectionEntry[] {
  return groups(order, { modules, depth, path: [] });
}

interface Way {
  readonly modules: readonly LabelledModule[];
  readonly depth: number;
  /** The composite buildpacks that led here. */
  readonly path: readonly LabelledModule[];
}

function groups(order: Order, way: Way): readonly DetectionEntry[] {
  return order.map((group) => ({ entries: group.map((element) => entryOf(element, way)) }));
}

function entryOf(element: OrderElement, { modules, depth, path }: Way): DetectionEntry {
  const { id, version, optional, kind } = element;
  const own = { id, version, ...(optional && kind === 'buildpack' ? { optional: true } : {}) };
  const module = modules.find((each) => each.id === id && (version === '' || each.version === version));
  if (module !== undefined && path.includes(module)) return { ...own, cyclic: true, entries: [] };
  const order = module === undefined ? [] : composite(module, kind);
  if (module === undefined || order.length === 0 || depth <= 0) return { ...own, entries: [] };
  return { ...own, entries: groups(order, { modules, depth: depth - 1, path: [...path, module] }) };
}

function composite({ info }: LabelledModule, kind: ModuleKind): Order {
  return orderOfInfo(info, kind);
}
