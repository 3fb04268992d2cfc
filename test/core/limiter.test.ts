import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLimiter } from '../../src/core/limiter.ts';

describe('a limiter', () => {
  it('never runs more tasks than its limit, also when one is asked for just as another ends', async () => {
    const limiter = createLimiter(1);
    let [active, most] = [0, 0];
    const task = async (): Promise<void> => {
      active += 1;
      most = Math.max(most, active);
      await Promise.resolve();
      active -= 1;
    };
    let third: Promise<void> | undefined;
    const first = limiter.run(async () => {
      await Promise.resolve();
      // Two turns from here the first has given its place up, and the second has not gone on yet.
      third = Promise.resolve()
        .then(() => undefined)
        .then(() => limiter.run(task));
    });
    const second = limiter.run(task);
    await Promise.all([first, second]);
    await third;
    assert.equal(most, 1);
  });

  it('hands out the places in the order of asking, and goes on after a failure', async () => {
    const limiter = createLimiter(1);
    const order: number[] = [];
    const tasks = [1, 2, 3].map((number) =>
      limiter.run(async () => {
        await Promise.resolve();
        order.push(number);
        if (number === 1) throw new Error('first');
      }),
    );
    const results = await Promise.allSettled(tasks);
    assert.deepEqual(order, [1, 2, 3]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled', 'fulfilled'],
    );
  });
});
