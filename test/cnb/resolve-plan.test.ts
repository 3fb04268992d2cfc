import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolvePlan, type DetectAttempt, type Resolution } from '../../src/cnb/resolve-plan.ts';
import { attempt, exit, pass, section } from '../support/detect-runs.ts';

const RESULTS = 'debug ======== Results ========';

describe('resolving a group', () => {
  it('pairs a provide with a later require in one entry (D-32)', () => {
    const result = resolve(
      attempt('a@1', pass(section('dep'))),
      attempt('b@1', pass(section('', 'dep', { version: '1' }))),
    );
    assert.deepEqual(plan(result), [
      { name: 'dep', by: 'a@1', requires: [{ name: 'dep', metadata: { version: '1' } }] },
    ]);
    assert.deepEqual(names(result), ['a@1', 'b@1']);
  });

  it('fails for a require that nothing provides (D-33)', () => {
    assert.deepEqual(lines(resolve(attempt('a@1', pass(section('', 'x'))))), [
      RESULTS,
      'debug pass: a@1',
      'debug Resolving plan... (try #1)',
      'debug fail: a@1 requires x',
    ]);
  });

  it('fails for a provide that nothing requires (D-34)', () => {
    assert.equal(lines(resolve(attempt('a@1', pass(section('x'))))).at(-1), 'debug fail: a@1 provides unused x');
  });

  it('drops optional modules with unmet requires or provides (D-35)', () => {
    const result = resolve(
      attempt('a@1?', pass(section('x'))),
      attempt('b@1', pass()),
      attempt('c@1?', pass(section('', 'y'))),
    );
    assert.deepEqual(names(result), ['b@1']);
    assert.deepEqual(lines(result).slice(5), [
      'debug skip: c@1 requires y',
      'debug skip: a@1 provides unused x',
      'info 1 of 3 buildpacks participating',
      'info b 1',
    ]);
  });

  it('drops what depended on a dropped one (D-36)', () => {
    const result = resolve(
      attempt('a@1?', pass(section('x', 'none'))),
      attempt('b@1?', pass(section('y', 'x'))),
      attempt('c@1?', pass(section('', 'y'))),
      attempt('d@1', pass()),
    );
    assert.deepEqual(names(result), ['d@1']);
  });

  it('tries alternatives depth first, the first element slowest (D-37)', () => {
    const result = resolve(
      attempt('a@1', pass(section('x'), section('y'), section('z'))),
      attempt('b@1', pass(section('', 'q'), section('', 'z'))),
    );
    assert.deepEqual(
      lines(result).filter((line) => line.includes('try') || line.includes('fail')),
      [
        'debug Resolving plan... (try #1)',
        'debug fail: b@1 requires q',
        'debug Resolving plan... (try #2)',
        'debug fail: b@1 requires z',
        'debug Resolving plan... (try #3)',
        'debug fail: b@1 requires q',
        'debug Resolving plan... (try #4)',
        'debug fail: b@1 requires z',
        'debug Resolving plan... (try #5)',
        'debug fail: b@1 requires q',
        'debug Resolving plan... (try #6)',
      ],
    );
    assert.deepEqual(plan(result), [{ name: 'z', by: 'a@1', requires: [{ name: 'z' }] }]);
  });

  it('is optional only in its last alternative (D-38)', () => {
    const result = resolve(attempt('a@1', pass()), attempt('b@1?', pass(section('', 'x'), section('', 'y'))));
    assert.deepEqual(lines(result).slice(3), [
      'debug Resolving plan... (try #1)',
      'debug fail: b@1 requires x',
      'debug Resolving plan... (try #2)',
      'debug skip: b@1 requires y',
      'info 1 of 2 buildpacks participating',
      'info a 1',
    ]);
  });

  it('records every provider and every require in order (D-39, D-40)', () => {
    const result = resolve(
      attempt('a@1', pass(section('x'))),
      attempt('b@1', pass(section('x', 'x', { n: 1n }))),
      attempt('c@1', pass(section('', 'x', { n: 2n }))),
    );
    assert.deepEqual(plan(result), [
      {
        name: 'x',
        by: 'a@1 b@1',
        requires: [
          { name: 'x', metadata: { n: 1n } },
          { name: 'x', metadata: { n: 2n } },
        ],
      },
    ]);
  });

  it('satisfies a provide and a require of one buildpack (D-41)', () => {
    assert.deepEqual(names(resolve(attempt('a@1', pass(section('x', 'x'))))), ['a@1']);
  });

  it('fails for a require before its provide (D-42)', () => {
    const result = resolve(attempt('a@1', pass(section('', 'x'))), attempt('b@1', pass(section('x'))));
    assert.equal(lines(result).at(-1), 'debug fail: a@1 requires x');
  });

  it('follows the recorded example of the contract (§7.7)', () => {
    const result = resolve(
      attempt('a@1', pass(section('x'), section('y'))),
      attempt('b@1', pass(section('', 'y'))),
      attempt('c@1?', pass(section('', 'zz'))),
    );
    assert.deepEqual(lines(result).slice(4), [
      'debug Resolving plan... (try #1)',
      'debug fail: b@1 requires y',
      'debug Resolving plan... (try #2)',
      'debug skip: c@1 requires zz',
      'info 2 of 3 buildpacks participating',
      'info a 1',
      'info b 1',
    ]);
    assert.deepEqual(plan(result), [{ name: 'y', by: 'a@1', requires: [{ name: 'y' }] }]);
  });

  it('lists participants left-aligned and counts only when some are missing (D-43)', () => {
    const result = resolve(attempt('long/name@1.2', pass()), attempt('b@10', pass()));
    assert.deepEqual(lines(result).slice(4), ['info long/name 1.2', 'info b         10']);
  });

  it('fails when all optional modules fail, or there is none (D-26, D-29)', () => {
    assert.deepEqual(lines(resolve(attempt('a@1?', exit(100)))), [
      RESULTS,
      'debug skip: a@1',
      'debug fail: no viable buildpacks in group',
    ]);
    assert.deepEqual(resolve().kind, 'failed');
  });

  it('fails when only extensions pass (D-27)', () => {
    const result = resolve(attempt('+e@1', pass()), attempt('a@1?', exit(100)));
    assert.equal(lines(result).at(-1), 'debug fail: no viable buildpacks in group');
  });

  it('fails when everything was dropped', () => {
    const result = resolve(attempt('a@1?', pass(section('x'))));
    assert.equal(lines(result).at(-1), 'debug fail: no viable buildpacks in group');
  });

  it('tells plain failures from errors, and shows output at info for errors only (D-28, D-30)', () => {
    const plain = resolve(attempt('a@1', exit(100, 'no\n')), attempt('b@1', exit(0)));
    assert.deepEqual(lines(plain).slice(0, 3), ['debug ======== Output: a@1 ========', 'debug no', RESULTS]);
    assert.deepEqual([plain.kind, plain.kind === 'failed' && plain.withErrors], ['failed', false]);
    const broken = resolve(attempt('a@1?', exit(7, 'boom')), attempt('b@1', { code: -1, output: 'x', error: 'bad' }));
    assert.deepEqual(lines(broken), [
      'info ======== Output: a@1 ========',
      'info boom',
      'info ======== Output: b@1 ========',
      'info x',
      'info ======== Error: b@1 ========',
      'info bad',
      RESULTS,
      'info err:  a@1 (7)',
      'info err:  b@1',
    ]);
    assert.ok(broken.kind === 'failed' && broken.withErrors);
  });

  it('counts an error of an optional module when a required one fails plainly', () => {
    const result = resolve(attempt('a@1?', exit(1)), attempt('b@1', exit(100)));
    assert.ok(result.kind === 'failed' && result.withErrors);
    assert.equal(resolve(attempt('a@1?', exit(1)), attempt('b@1', pass())).kind, 'passed');
  });

  it('erases optional of buildpacks and records extensions as providers (D-25, D-60, D-61)', () => {
    const result = resolve(
      attempt('+e@1', pass(section('x'))),
      attempt('+f@1', pass(section('unused'))),
      attempt('a@1?', pass(section('', 'x'))),
    );
    assert.ok(result.kind === 'passed');
    assert.deepEqual(result.group, [
      { kind: 'extension', id: 'e', version: '1', api: '0.12', optional: true },
      { kind: 'buildpack', id: 'a', version: '1', api: '0.12' },
    ]);
    assert.deepEqual(result.plan[0]?.providers, [{ kind: 'extension', id: 'e', version: '1' }]);
  });

  it('orders plan entries by first appearance (D-77, GAP-28)', () => {
    const wanted = ['z', 'a', 'm', '10', '2'];
    const result = resolve(attempt('a@1', pass(section(wanted.join(' '), [...wanted].reverse().join(' ')))));
    assert.deepEqual(
      plan(result).map(({ name }) => name),
      wanted,
    );
  });
});

function resolve(...attempts: readonly DetectAttempt[]): Resolution {
  return resolvePlan(attempts);
}

function lines(result: Resolution): readonly string[] {
  return result.lines.map(({ level, message }) => `${level} ${message}`);
}

function names(result: Resolution): readonly string[] {
  assert.ok(result.kind === 'passed', 'the group failed');
  return result.group.map(({ id, version }) => `${id}@${version}`);
}

function plan(
  result: Resolution,
): readonly { readonly name: string; readonly by: string; readonly requires: unknown }[] {
  assert.ok(result.kind === 'passed', 'the group failed');
  return result.plan.map(({ providers, requires }) => ({
    name: requires[0]?.name ?? '',
    by: providers.map(({ id, version }) => `${id}@${version}`).join(' '),
    requires,
  }));
}
