import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refuseEscapeCollisions } from '../../src/cnb/escape-collision.ts';
import { moduleName } from '../../src/cnb/module.ts';
import { mergeSystem } from '../../src/cnb/system-order.ts';
import { element } from '../support/detect-runs.ts';
import { failureOf } from '../support/failure.ts';

describe('system buildpacks', () => {
  it('go around every group that has not got their id (D-58)', () => {
    const order = [[element('a@1')], [element('p@9'), element('b@1')]];
    const merged = mergeSystem(order, { pre: [element('p@1')], post: [element('q@1'), element('a@2')] });
    assert.deepEqual(
      merged.order.map((group) => group.map(moduleName)),
      [
        ['p@1', 'a@1', 'q@1'],
        ['p@9', 'b@1', 'q@1', 'a@2'],
      ],
    );
    assert.deepEqual(
      merged.lines.map(({ message }) => message),
      [
        'Prepending 1 system buildpack(s) to group',
        'Appending 1 system buildpack(s) to group',
        'Appending 2 system buildpack(s) to group',
      ],
    );
  });

  for (const [what, pre, post, expected] of [
    ['only before', ['p@1', 'a@9'], [], ['p@1', 'a@1']],
    ['only after', [], ['q@1', 'a@9'], ['a@1', 'q@1']],
    ['the same id before and after', ['p@1'], ['p@2'], ['p@1', 'a@1']],
  ] as const)
    it(`may be ${what} (D-58)`, () => {
      const { order } = mergeSystem([[element('a@1')]], { pre: pre.map(element), post: post.map(element) });
      assert.deepEqual(
        order.map((group) => group.map(moduleName)),
        [expected],
      );
    });

  it('change nothing when there are none (D-58)', () => {
    const order = [[element('a@1')]];
    assert.deepEqual(mergeSystem(order, { pre: [], post: [] }), { order, lines: [] });
  });
});

describe('ids with one directory name', () => {
  it('are refused (D-78, GAP-13)', () => {
    const error = failureOf(() => refuseEscapeCollisions([element('a/b@1'), element('c@1'), element('a_b@1')]));
    assert.equal(error.code, 'BUILDPACK_INVALID');
    assert.equal(error.message, 'buildpacks a/b and a_b share the directory name a_b');
  });

  it('are fine for one id twice, and for a buildpack and an extension', () => {
    refuseEscapeCollisions([element('a/b@1'), element('a/b@2'), element('+a_b@1')]);
  });
});
