import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { faultScript, memoryBackend, serveRegistry, withContext } from '../../src/testing.ts';

describe('a script of faults', () => {
  it('counts the requests of each rule and lets the others pass, as documented for slipway/testing', async () => {
    const statuses = await withContext({}, async (ctx) => {
      const script = faultScript([
        {
          method: 'GET',
          path: /\/tags\/list/,
          nth: 2,
          fault: { kind: 'answer', status: 429, headers: { 'retry-after': '1' } },
        },
        { path: /\/v2\/$/, fault: { kind: 'answer', status: 503 } },
      ]);
      await using server = await serveRegistry(memoryBackend(), ctx, { intercept: script });
      const found: number[] = [];
      for (const path of ['app/tags/list', '', 'app/tags/list', 'app/tags/list', '']) {
        const answer = await fetch(`${server.url}/v2/${path}`);
        await answer.arrayBuffer();
        found.push(answer.status);
      }
      return found;
    });
    assert.deepEqual(statuses, [404, 503, 429, 404, 503]);
  });
});
