// What is generated from the results: path → text, for `npm run docs` and for a run.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CASES } from '../cases/all.mjs';
import { curveChart, ratioChart } from './chart.mjs';
import { renderBenchmarks } from './render.mjs';

/** Files of docs/benchmarks by name. */
export function benchmarkPages(results, directory) {
  return {
    'README.md': renderBenchmarks(results, CASES, remarksOf(directory)),
    'ratios.svg': ratioChart(barsOf(results)),
    ...Object.fromEntries(results.curves.map((curve) => [curve.file, curveChart(curve)])),
  };
}

/** One bar a wall ratio, in the order of the page. */
function barsOf(results) {
  return CASES.flatMap(({ id, title }) =>
    results.rows
      .filter((row) => row.case === id)
      .flatMap((row) =>
        row.lines
          .filter(
            ({ ratio, measure }) => ratio !== undefined && (measure === 'wall' || row.lines[0].measure === measure),
          )
          .slice(0, 1)
          .map(({ ratio, limit, of }) => ({
            label: `${id} ${(row.subject ?? title).replaceAll('`', '')}`.slice(0, 52),
            ratio,
            limit: of === 'ratio' ? limit : undefined,
          })),
      ),
  );
}

/** What its authors say about the figures, kept beside them. */
function remarksOf(directory) {
  try {
    return [readFileSync(join(directory, 'remarks.md'), 'utf8').trim()];
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}
