import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasCode, SlipwayError } from '../../src/core/errors.ts';
import { chooseSandbox } from '../../src/sandbox/choose.ts';
import { testContext } from '../support/context.ts';
import { missingPeer } from '../support/peers.ts';
import { bubblewrapOrSkip } from '../support/sandbox.ts';

describe('chooseSandbox', () => {
  it('auto is bubblewrap where it works, and says so', async (t) => {
    if ((await bubblewrapOrSkip(t)) === undefined) return;
    const ctx = testContext(t);
    const sandbox = await chooseSandbox('auto', ctx);
    assert.deepEqual([sandbox.name, sandbox.mapsPaths], ['bubblewrap', true]);
    assert.deepEqual(ctx.events, [
      { type: 'sandbox.chosen', strategy: 'bubblewrap', description: 'own user, read-only root, network on' },
    ]);
  });

  it('host is only for who asks for it, with a warning', async (t) => {
    const ctx = testContext(t);
    assert.equal((await chooseSandbox('host', ctx)).name, 'host');
    assert.deepEqual(
      ctx.events.map((event) => event.type),
      ['sandbox.chosen', 'warning'],
    );
  });

  it('auto says what was better and why it was not taken', async (t) => {
    const ctx = testContext(t);
    const candidates = chooseSandbox('auto', ctx, { program: 'slipway-no-such-bwrap' });
    const sandbox = await candidates.catch((error: unknown) => missingPeer(t, String(error)));
    if (sandbox === undefined) return;
    assert.notEqual(sandbox.name, 'bubblewrap');
    const [chosen] = ctx.events;
    assert.ok(chosen?.type === 'sandbox.chosen' && chosen.passedOver !== undefined);
    for (const { strategy, variant, reason } of chosen.passedOver) {
      assert.equal(strategy, 'bubblewrap');
      assert.ok(variant.startsWith('bubblewrap, '));
      assert.match(reason, /slipway-no-such-bwrap\) is not installed/);
    }
  });

  it('fails with what was tried, why it failed, and the way out', async (t) => {
    const ctx = testContext(t);
    const sandbox = chooseSandbox('bubblewrap', { ...ctx, tmp: ctx.tmp }, { program: 'slipway-no-such-bwrap' });
    await assert.rejects(sandbox, (error) => {
      assert.ok(error instanceof SlipwayError && hasCode(error, 'SANDBOX_UNAVAILABLE'));
      assert.match(Object.values(error.details).join('\n'), /slipway-no-such-bwrap\) is not installed/);
      assert.match(JSON.stringify(error.hint), /leave --sandbox bubblewrap out/);
      return true;
    });
  });
});
