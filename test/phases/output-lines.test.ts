import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { splitLines } from '../../src/phases/output-lines.ts';

function collector() {
  const lines: string[] = [];
  return { lines, output: splitLines((stream, line) => lines.push(`${stream}: ${line}`)) };
}

describe('output lines', () => {
  it('are put together from pieces, each stream by itself, also within a character', () => {
    const { lines, output } = collector();
    const bytes = Buffer.from('grün\nleft');
    output.push('stdout', bytes.subarray(0, 3));
    output.push('stderr', Buffer.from('e1\n\ne2'));
    output.push('stdout', bytes.subarray(3));
    output.end();
    assert.deepEqual(lines, ['stderr: e1', 'stderr: ', 'stdout: grün', 'stdout: left', 'stderr: e2']);
  });

  it('that never end are handed out in pieces', () => {
    const { lines, output } = collector();
    for (let index = 0; index < 10; index += 1) output.push('stdout', Buffer.alloc(20_000, 'a'));
    output.end();
    assert.equal(lines.length > 1, true);
    assert.equal(lines.join('').replaceAll('stdout: ', '').length, 200_000);
  });
});
