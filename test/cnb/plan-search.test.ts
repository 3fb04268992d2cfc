import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { PlanSection } from '../../src/cnb/plan.ts';
import { searchTrials } from '../../src/cnb/plan-search.ts';
import { resolveTrial, type TrialElement } from '../../src/cnb/plan-trial.ts';
import { resolvePlan } from '../../src/cnb/resolve-plan.ts';
import { trialOptions, type TrialOptions } from '../../src/cnb/trial-options.ts';
import { attempt, element, pass, section } from '../support/detect-runs.ts';

describe('searching the trials of a group', () => {
  it('finds the trial that trying all of them finds, or that there is none', () => {
    fc.assert(
      fc.property(groups(), (options) => {
        const expected = firstOf(options);
        assert.deepEqual(
          searchTrials(options, 1000),
          expected === undefined ? { kind: 'none' } : { kind: 'found', trial: expected },
        );
      }),
      { numRuns: 4000 },
    );
  });

  it('gives up after as many choices as it may look at', () => {
    const options = [...Array(6).keys()].map((at) => optionsOf(`m${String(at)}@1`, section(''), section('')));
    assert.deepEqual(searchTrials(options, 6), { kind: 'given up' });
    assert.equal(searchTrials(options, 7).kind, 'found');
  });
});

describe('a group of thirty buildpacks with four alternatives each', () => {
  const chain = (last: string) =>
    [...Array(30).keys()].map((at) => {
      const next = at === 29 ? last : '';
      const alternatives = [0, 1, 2].map((n) => section(`a${String(at)}.${String(n)}`, next));
      return attempt(`m${String(at)}@1`, pass(...alternatives, section('', next)));
    });

  it('resolves by the last of them all', () => {
    const result = resolvePlan(chain(''));
    assert.ok(result.kind === 'passed');
    assert.equal(result.group.length, 30);
    const [, title, ...rest] = result.lines.slice(-31).map(({ message }) => message);
    assert.ok(result.lines.some(({ message }) => message === 'Resolving plan... (try #1000)'));
    assert.ok(result.lines.some(({ message }) => message.includes('the first of the other tries that can work')));
    assert.ok(title?.startsWith('m0 ') === true && rest.length === 29);
  });

  it('fails with what it lacks', () => {
    const result = resolvePlan(chain('nobody-provides-this'));
    assert.ok(result.kind === 'failed');
    const names = result.gaps.map(({ name }) => name);
    assert.ok(names.includes('nobody-provides-this'), names.join());
  });
});

/** The slow way: each of them in turn. */
function firstOf(
  options: readonly TrialOptions[],
  chosen: readonly TrialElement[] = [],
): readonly TrialElement[] | undefined {
  const [next, ...rest] = options;
  if (next === undefined) return resolveTrial(chosen, () => undefined).kind === 'solved' ? chosen : undefined;
  for (const one of next) {
    const found = firstOf(rest, [...chosen, one]);
    if (found !== undefined) return found;
  }
  return undefined;
}

function optionsOf(name: string, first: PlanSection, ...others: readonly PlanSection[]): TrialOptions {
  return trialOptions({ ...element(name), api: '0.12' }, [first, ...others]);
}

function groups(): fc.Arbitrary<readonly TrialOptions[]> {
  const words = fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 2 }).map((all) => all.join(' '));
  const one = fc.tuple(words, words).map(([provides, requires]) => section(provides, requires));
  const module = fc.tuple(fc.constantFrom('', '?'), one, fc.array(one, { maxLength: 2 }));
  return fc
    .array(module, { maxLength: 5 })
    .map((all) =>
      all.map(([optional, first, others], at) => optionsOf(`m${String(at)}@1${optional}`, first, ...others)),
    );
}
