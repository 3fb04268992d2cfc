import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { builderBed } from '../support/builder-bed.ts';
import { slipway } from '../support/program.ts';

describe('slipway cache prune beside builds', () => {
  it('two first builds of one builder, with prunes all the while, both succeed with one digest', async (t) => {
    const bed = await builderBed(t);
    if (bed === undefined) return;
    const ended = new AbortController();
    const prunes: number[] = [];
    const pruning = (async (): Promise<void> => {
      while (!ended.signal.aborted) prunes.push((await slipway(['cache', 'prune', '--quiet'], bed.options)).code ?? -1);
    })();
    const built = await Promise.all(['oci:one', 'oci:two'].map((output) => bed.build(['--output', output, '--quiet'])));
    ended.abort();
    await pruning;
    assert.deepEqual(
      built.map(({ code }) => code),
      [0, 0],
      built.map(({ stderr }) => stderr).join(''),
    );
    assert.equal(new Set(built.map(({ stdout }) => stdout)).size, 1);
    assert.ok(prunes.length > 0 && prunes.every((code) => code === 0), prunes.join(' '));
    const after = await slipway(['cache', 'prune', '--quiet'], bed.options);
    const left = await slipway(['cache', 'ls'], bed.options);
    assert.deepEqual([after.code, left.stdout], [0, '']);
  });
});
