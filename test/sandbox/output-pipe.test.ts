import assert from 'node:assert/strict';
import { readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { openOutputPipe } from '../../src/sandbox/output-pipe.ts';
import { testContext } from '../support/context.ts';

describe('an output pipe', () => {
  it('ends when its writers are closed, and cannot be opened by its name again', async (t) => {
    const ctx = testContext(t);
    const pipe = await openOutputPipe(ctx);
    assert.ok(pipe);
    assert.equal(namesIn(ctx.tmp).includes('0'), false);
    writeSync(pipe.writer, 'before the end');
    pipe.closeWriter();
    assert.equal(await text(pipe.source), 'before the end');
  });

  it('is another one each time, also when many are opened together; their names are made by few processes', async (t) => {
    const ctx = testContext(t);
    const pipes = await Promise.all(Array.from({ length: 20 }, () => openOutputPipe(ctx)));
    for (const [index, pipe] of pipes.entries()) {
      assert.ok(pipe);
      writeSync(pipe.writer, `of ${String(index)}`);
      pipe.closeWriter();
    }
    const read = await Promise.all(pipes.map(async (pipe) => (pipe === undefined ? '' : await text(pipe.source))));
    assert.deepEqual(
      read,
      pipes.map((_, index) => `of ${String(index)}`),
    );
    assert.equal(readdirSync(ctx.tmp).length, 2);
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

function namesIn(directory: string): readonly string[] {
  return readdirSync(directory).flatMap((name) => readdirSync(join(directory, name)));
}
