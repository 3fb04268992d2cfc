import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryDirectory } from '../support/context.ts';

describe('the benchmarks', () => {
  it('the median of an even number is the mean of the middle two, of none it is nothing', () => {
    const medians = evaluate(
      "import { median } from './scripts/bench/lib/pairs.mjs'",
      '[median([3, 1, 2]), median([4, 1, 2, 100]), median([]) ?? null]',
    );
    assert.deepEqual(medians, [2, 3, null]);
  });

  it('a ratio is the median of the pairs’ ratios, and only a measure with a limit has a verdict', () => {
    const lines = evaluate(
      "import { linesOf } from './scripts/bench/lib/pairs.mjs'",
      `linesOf({ ours: [{ wall: 1, cpu: 4 }, { wall: 1, cpu: 4 }, { wall: 9, cpu: 4 }],
                 peer: [{ wall: 2, cpu: 8 }, { wall: 4, cpu: 8 }, { wall: 9, cpu: 8 }] }, { wall: 0.4 })`,
    );
    assert.deepEqual(lines, [
      { measure: 'wall', unit: 's', ours: 1, peer: 4, ratio: 0.5, limit: 0.4, of: 'ratio' },
      { measure: 'CPU', unit: 's', ours: 4, peer: 8, ratio: 0.5 },
    ]);
  });

  it('a case that is measured again takes the place of its rows only, and machines without rows go', () => {
    const merged = evaluate(
      "import { mergeResults } from './scripts/bench/lib/results.mjs'",
      `mergeResults(
        { machines: { old: { cores: 1 }, other: { cores: 2 } }, curves: [],
          rows: [{ case: 'B1', machine: 'old', lines: [] }, { case: 'B2', machine: 'other', lines: [] }] },
        { id: 'B1', machine: 'new', facts: { cores: 4 }, rows: [{ lines: [1] }] })`,
    );
    assert.deepEqual(merged, {
      machines: { new: { cores: 4 }, other: { cores: 2 } },
      curves: [],
      rows: [
        { case: 'B2', machine: 'other', lines: [] },
        { case: 'B1', machine: 'new', lines: [1] },
      ],
    });
  });

  it('points on a line with a start are on it, one above is said to be so', () => {
    const { off } = evaluate(
      "import { fitLine } from './scripts/bench/lib/fit.mjs'",
      `((points) => ({ off: [fitLine(points), fitLine([...points, { amount: 1000, cost: 2000 }])]
        .map(({ off }) => Math.max(...off.map(Math.abs)) > 0.2) }))([1, 10, 100].map((amount) => ({ amount, cost: 5 + amount })))`,
    ) as Readonly<Record<string, unknown>>;
    assert.deepEqual(off, [false, true]);
  });

  it('the page of the same results is the same, with met, missed and gaps in words', (test) => {
    const out = temporaryDirectory(test);
    writeFileSync(join(out, 'results.json'), JSON.stringify(RESULTS));
    const pages = [0, 1].map(() => {
      run(['scripts/bench.mjs', '--render', '--out', out]);
      return readFileSync(join(out, 'README.md'), 'utf8').replaceAll(/ +/g, ' ');
    });
    const [page = '', again] = pages;
    assert.equal(page, again);
    assert.match(page, /1 limits are met, 1 are missed; 1 rows have a gap/);
    assert.match(page, /\| B1 \| .* vs the Go exporter \| wall \| 2 s \| 8 s \| 0\.25 \| ≤ 0\.30 \| met \|/);
    assert.match(page, /\| CPU \| 5 s \| 9 s \| 0\.56 \| ≤ 0\.45 \| \*\*missed\*\* \|/);
    assert.match(page, /gap: not on PATH: skopeo/);
    assert.match(readFileSync(join(out, 'ratios.svg'), 'utf8'), /^<svg .*<title>Ratios/s);
  });
});

const RUN = { machine: 'm', date: '2026-01-01', load: 0.1, pairs: 5, node: '20.0.0', zlib: '1' };
const RESULTS = {
  machines: { m: { cpu: 'a CPU', cores: 2, memoryGb: 4, kernel: 'Linux 6', fileSystem: 'ext4' } },
  rows: [
    {
      ...RUN,
      case: 'B1',
      peer: { name: 'exporter', title: 'the Go exporter', version: '0.20' },
      gap: undefined,
      lines: [
        { measure: 'wall', unit: 's', ours: 2, peer: 8, ratio: 0.25, limit: 0.3, of: 'ratio' },
        { measure: 'CPU', unit: 's', ours: 5, peer: 9, ratio: 0.56, limit: 0.45, of: 'ratio' },
      ],
    },
    { ...RUN, case: 'B9', subject: '5 layers', gap: 'not on PATH: skopeo', lines: [] },
  ],
  curves: [],
};

/** What an expression is, after an import. */
function evaluate(imports: string, expression: string): unknown {
  return JSON.parse(run(['--input-type=module', '-e', `${imports}; console.log(JSON.stringify(${expression}))`]));
}

function run(args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout;
}
