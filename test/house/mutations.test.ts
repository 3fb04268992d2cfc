import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { isObject } from '../../src/schema/reader.ts';

interface Fault {
  readonly id: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly tests: readonly string[];
}

const FAULTS = readFaults();

describe('the seeded faults of scripts/mutations.json', () => {
  it('are many, with a name each, in every part of the sources', () => {
    assert.ok(FAULTS.length >= 40);
    assert.equal(new Set(FAULTS.map(({ id }) => id)).size, FAULTS.length);
    const parts = new Set(FAULTS.map(({ file }) => file.split('/')[1]));
    const wanted = [
      ...['oci', 'cnb', 'tar', 'store', 'layer', 'registry', 'keychain', 'image', 'workspace', 'cache', 'launcher'],
      ...['sandbox', 'locate', 'phases', 'options', 'platform', 'term', 'cli', 'core'],
    ];
    assert.deepEqual(
      wanted.filter((part) => !parts.has(part)),
      [],
    );
  });

  it('still have their text exactly once in their file, and change it', () => {
    const wrong = FAULTS.filter(
      ({ file, find, replace }) => find === replace || readFileSync(file, 'utf8').split(find).length !== 2,
    );
    assert.deepEqual(
      wrong.map(({ id }) => id),
      [],
    );
  });

  it('name tests that are there', () => {
    const tests = readdirSync('test', { recursive: true, encoding: 'utf8' }).map((file) => `test/${file}`);
    const missing = FAULTS.flatMap(({ id, tests: parts }) =>
      parts
        .filter((part) => !tests.some((file) => file.endsWith('.test.ts') && file.includes(part)))
        .map((part) => `${id}: ${part}`),
    );
    assert.deepEqual(missing, []);
  });

  it('are all on the page of results, each noticed', () => {
    const rows = readFileSync('docs/reference/mutations.md', 'utf8').split('\n');
    const unnoticed = FAULTS.filter(
      ({ id }) => !rows.some((row) => row.startsWith(`| \`${id}\` |`) && /\| test\/\S+\.test\.ts: .+ \|$/.test(row)),
    );
    assert.deepEqual(
      unnoticed.map(({ id }) => id),
      [],
      'run "npm run mutate -- --write ID…"',
    );
  });
});

function readFaults(): readonly Fault[] {
  const data: unknown = JSON.parse(readFileSync('scripts/mutations.json', 'utf8'));
  const faults = isObject(data) && Array.isArray(data['faults']) ? data['faults'] : [];
  return faults.map((fault: unknown) => {
    const text = (key: string): string => {
      const value = isObject(fault) ? fault[key] : undefined;
      return typeof value === 'string' ? value : assert.fail(`a fault without ${key}`);
    };
    const tests = isObject(fault) && Array.isArray(fault['tests']) ? fault['tests'].map(String) : [];
    return { id: text('id'), file: text('file'), find: text('find'), replace: text('replace'), tests };
  });
}
