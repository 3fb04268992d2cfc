import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { isListed, mayUsePlainHttp } from '../../src/registry/address.ts';
import { readDifferences } from '../support/differences.ts';

const rows = readDifferences();

describe('the list of differences', () => {
  it('has rows, each with an id of its own', () => {
    const ids = rows.map((row) => row.id);
    assert.ok(ids.length > 30);
    assert.deepEqual(
      ids.filter((id, index) => ids.indexOf(id) !== index || !/^[a-z][a-z0-9-]*$/.test(id)),
      [],
    );
  });

  it('names for each row a test file that is there', () => {
    assert.deepEqual(
      rows.filter((row) => !/^test\/.*\.test\.ts$/.test(row.proof) || !existsSync(row.proof)),
      [],
    );
  });

  it('marks exactly those rows that a golden comparison names', () => {
    const tests = ['golden', 'golden-layout', 'cache-image'].map((name) => `test/e2e/${name}.test.ts`);
    const files = [...tests, 'test/support/golden-compare.ts'];
    const source = files.map((file) => readFileSync(file, 'utf8')).join('\n');
    const named = [...source.matchAll(/allowed\('([a-z0-9-]+)'\)/g)].map((match) => match[1] ?? '');
    const marked = rows.filter((row) => row.isGolden).map((row) => row.id);
    assert.deepEqual([...new Set(named)].sort(), [...marked].sort());
  });
});

describe('insecure-is-plain-http-only-exact-host', () => {
  const options = { insecure: ['registry.example:5000', 'plain.example'] };

  for (const [url, isAllowed] of [
    ['http://registry.example:5000', true],
    ['http://registry.example:5001', false],
    ['http://registry.example', false],
    ['http://registry.example.evil:5000', false],
    ['http://plain.example', true],
    ['http://plain.example.evil', false],
    ['http://127.0.0.1:1', true],
  ] as const)
    it(`${url} ${isAllowed ? 'may' : 'may not'} be asked`, () => {
      assert.equal(mayUsePlainHttp(new URL(url), options), isAllowed);
      if (!isAllowed) assert.equal(isListed(new URL(url), options), false);
    });
});
