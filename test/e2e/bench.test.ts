import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryDirectory } from '../support/context.ts';

interface Results {
  readonly rows: readonly {
    readonly gap?: string;
    readonly lines: readonly { readonly measure: string; readonly ours: number; readonly peer?: number }[];
  }[];
}

describe('npm run bench', () => {
  it('a peer that is not there is a gap beside our own times, never a number', (test) => {
    const out = temporaryDirectory(test);
    const args = ['scripts/bench.mjs', '--scale', '0.002', '--pairs', '1', '--no-build', '--out', out, 'B3'];
    const env = { ...process.env, PATH: out };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
    assert.equal(status, 0, `${stdout}${stderr}`);
    const { rows } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as Results;
    assert.equal(rows[0]?.gap, 'not on PATH: the Go exporter');
    assert.deepEqual(
      rows[0].lines.map(({ measure, ours, peer }) => [measure, ours > 0, peer]),
      ['wall', 'CPU', 'peak memory'].map((measure) => [measure, true, undefined]),
    );
    assert.match(readFileSync(join(out, 'README.md'), 'utf8'), /gap: not on PATH: the Go exporter/);
  });
});
