import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { PROJECT_KEYS } from '../../src/cnb/project-keys.ts';

interface Row {
  readonly key: string;
  readonly meaning: string;
  readonly provenBy: string;
}

const rows = readRows();

describe('the table of project.toml', () => {
  it('has every key of the codec once, and no other', () => {
    assert.deepEqual(rows.map(({ key }) => key).sort(), PROJECT_KEYS.map(({ key }) => key).sort());
  });

  it('names for each a test that is there, by file and name', () => {
    const missing = rows.filter(({ provenBy }) => {
      const [file = '', ...name] = provenBy.split(': ');
      return !readFileSync(file, 'utf8').includes(`it('${name.join(': ')}'`);
    });
    assert.deepEqual(missing, []);
  });

  it('says of each what it does', () => {
    assert.deepEqual(
      rows.filter(({ meaning }) => meaning === ''),
      [],
    );
  });
});

function readRows(): readonly Row[] {
  const list: unknown = JSON.parse(readFileSync('docs/project-toml.json', 'utf8'));
  assert.ok(Array.isArray(list));
  return list.map((row: Readonly<Record<string, unknown>>) => ({
    key: String(row['key']),
    meaning: String(row['meaning']),
    provenBy: String(row['provenBy']),
  }));
}
