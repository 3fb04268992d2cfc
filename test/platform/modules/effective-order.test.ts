import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Order, OrderElement } from '../../../src/cnb/module.ts';
import { effectiveOrder, type OrderPart } from '../../../src/platform/modules/effective-order.ts';

const FROM_BUILDER = '*';

/** `A B | A`: groups of buildpacks by name. */
function order(text: string): Order {
  return text === ''
    ? []
    : text.split('|').map((group) =>
        group
          .trim()
          .split(' ')
          .filter((id) => id !== '')
          .map(element),
      );
}

function element(id: string): OrderElement {
  return { kind: 'buildpack', id, version: '1', optional: false };
}

function parts(text: string): readonly OrderPart[] {
  return text
    .split(' ')
    .filter((id) => id !== '')
    .map((id) => (id === FROM_BUILDER ? { kind: 'builder-order' } : { kind: 'module', element: element(id) }));
}

function show(groups: Order): string {
  return groups.map((group) => group.map(({ id }) => id).join(' ')).join(' | ');
}

describe('effectiveOrder', () => {
  // The first rows are those of pack's own documentation of the rule.
  const rows: readonly (readonly [base: string, group: string, pre: string, post: string, wanted: string])[] = [
    ['A B | A', '* X', '', '', 'A B X | A X'],
    ['A B | A', 'X * Y', '', '', 'X A B Y | X A Y'],
    ['A B | A', 'X', '', '', 'X'],
    ['A B | A', 'A', '', '', 'A'],
    ['A B | A', '', '', '', 'A B | A'],
    ['A B | A', '*', '', '', 'A B | A'],
    ['A B | A', 'X Y', '', '', 'X Y'],
    ['A B | A', '', 'P Q', 'Z', 'P Q A B Z | P Q A Z'],
    ['A B | A', 'X', 'P', 'Z', 'P X Z'],
    ['A B | A', 'X *', 'P', 'Z', 'P X A B Z | P X A Z'],
    ['', 'X', 'P', '', 'P X'],
    ['', '', 'P', '', ''],
  ];

  for (const [base, group, pre, post, wanted] of rows) {
    it(`[${base}] with [${group}], before [${pre}], after [${post}] is [${wanted}]`, () => {
      const asked = { group: parts(group), pre: order(pre)[0] ?? [], post: order(post)[0] ?? [] };
      assert.equal(show(effectiveOrder(order(base), asked)), wanted);
    });
  }

  it('keeps what the builder’s order says of its buildpacks', () => {
    const optional: OrderElement = { ...element('A'), optional: true, execEnv: ['test'] };
    const [group] = effectiveOrder([[optional]], { group: parts('X *'), pre: [], post: [] });
    assert.deepEqual(group, [element('X'), optional]);
  });

  it('inserts the builder’s order once, and only where there is one', () => {
    const asked = (group: string) => ({ group: parts(group), pre: [], post: [] });
    assert.throws(() => effectiveOrder(order('A'), asked('* X *')), { code: 'ARGUMENT_INVALID' });
    assert.throws(() => effectiveOrder([], asked('*')), { code: 'ARGUMENT_INVALID' });
  });
});
