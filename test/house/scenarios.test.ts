import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';

describe('the list of scenarios', () => {
  const found = scan();

  it('has each id once', () => {
    const ids = strings('ids');
    assert.ok(ids.length > 390);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('knows every id that a test names', () => {
    assert.deepEqual(strings('unknown'), []);
  });

  it('has a test or an explanation for each', () => {
    assert.deepEqual(strings('missing'), []);
  });

  it('explains only what has no test, or says that it is partly tested', () => {
    assert.deepEqual(strings('doubtful'), []);
  });

  function strings(key: string): readonly string[] {
    const list = found[key];
    assert.ok(Array.isArray(list));
    return list.map(String);
  }
});

function scan(): Readonly<Record<string, unknown>> {
  const found: unknown = JSON.parse(
    execFileSync(process.execPath, ['scripts/scenarios.mjs', '--json'], { encoding: 'utf8' }),
  );
  assert.ok(typeof found === 'object' && found !== null);
  return { ...found };
}
