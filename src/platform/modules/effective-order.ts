import type { Order, OrderElement, OrderGroup } from '../../cnb/module.ts';
import { SlipwayError } from '../../core/errors.ts';

/** One entry of the list that takes the order's place: a buildpack, or all that the builder's order has. */
export type OrderPart =
  { readonly kind: 'module'; readonly element: OrderElement } | { readonly kind: 'builder-order' };

export interface AskedOrder {
  /** Empty: the order stays. */
  readonly group: readonly OrderPart[];
  readonly pre: OrderGroup;
  readonly post: OrderGroup;
}

/**
 * The order of a build (interfaces §5.1; pack's rules): `group` takes the place of `base`, where the builder's order stands in it each of
 * its groups is tried with what stands around it; `pre` and `post` are in every group, in the order given. Throws `ARGUMENT_INVALID` for
 * the builder's order twice, or where there is none.
 */
export function effectiveOrder(base: Order, { group, pre, post }: AskedOrder): Order {
  const own = group.length === 0 ? base : replaced(base, group);
  return own.map((each) => [...pre, ...each, ...post]);
}

function replaced(base: Order, parts: readonly OrderPart[]): Order {
  const insertions = parts.filter(({ kind }) => kind === 'builder-order').length;
  if (insertions > 1) throw invalid('the order of the builder can be inserted once only');
  if (insertions === 1 && base.length === 0) throw invalid('there is no order of a builder to insert');
  return parts.reduce<Order>(
    (order, part) => {
      if (part.kind === 'module') return order.map((group) => [...group, part.element]);
      return order.flatMap((group) => base.map((inserted) => [...group, ...inserted]));
    },
    [[]],
  );
}

function invalid(message: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', message, {
    exit: 3,
    hint: 'write from=builder once, among the buildpacks, with --builder LOCATION',
  });
}
