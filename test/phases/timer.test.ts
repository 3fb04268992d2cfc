import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goDuration, withTimer } from '../../src/phases/timer.ts';
import { testContext } from '../support/context.ts';
import { logText } from '../support/workbench.ts';

describe('the timer', () => {
  it('prints durations as Go does', () => {
    const cases = [
      [0, '0s'],
      [0.000_25, '250ns'],
      [0.570_601, '570.601µs'],
      [12.851_075, '12.851075ms'],
      [1500, '1.5s'],
      [62_500, '1m2.5s'],
      [3_600_000, '1h0m0s'],
    ] as const;
    for (const [ms, text] of cases) assert.equal(goDuration(ms), text);
  });

  it('prints its end also when the task fails', async (t) => {
    const ctx = testContext(t);
    await assert.rejects(withTimer('Builder', ctx, () => Promise.reject(new Error('x'))));
    assert.deepEqual(logText(ctx.events), [
      'Timer: Builder started at 2026-01-01T00:00:00Z',
      'Timer: Builder ran for 1ms and ended at 2026-01-01T00:00:00Z',
    ]);
  });
});
