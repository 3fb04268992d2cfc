import assert from 'node:assert/strict';
import { readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { openOutputPipe } from '../../src/sandbox/output-pipe.ts';
import { testContext } from '../support/context.ts';

describe('an output pipe', () => {
  it('ends when its writers are closed, and leaves no file', async (t) => {
    const ctx = testContext(t);
    const pipe = await openOutputPipe(ctx);
    assert.ok(pipe);
    assert.deepEqual(readdirSync(ctx.tmp), []);
    writeSync(pipe.writer, 'before the end');
    pipe.closeWriter();
    assert.equal(await text(pipe.source), 'before the end');
  });

  it('is none where no named pipe can be made', async (t) => {
    const ctx = testContext(t);
    await assert.rejects(openOutputPipe({ ...ctx, tmp: join(ctx.tmp, 'nowhere') }));
    const path = process.env['PATH'];
    process.env['PATH'] = ctx.tmp;
    t.after(() => (process.env['PATH'] = path));
    assert.equal(await openOutputPipe(ctx), undefined);
    assert.deepEqual(readdirSync(ctx.tmp), []);
  });
});
