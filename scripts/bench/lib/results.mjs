// docs/benchmarks/results.json: the rows of every case, each with the run that it is of.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const EMPTY_RESULTS = { machines: {}, rows: [], curves: [] };

export function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return EMPTY_RESULTS;
    throw error;
  }
}

/**
 * The results with a case measured again: its rows and curves take the place of the earlier ones, all others stay. Machines that no row is
 * of any more go.
 */
export function mergeResults(results, { id, machine, facts, rows, curves = [] }) {
  const mine = (entry) => ({ ...entry, case: id, machine });
  const others = (list) => list.filter((entry) => entry.case !== id);
  const merged = {
    rows: [...others(results.rows), ...rows.map(mine)],
    curves: [...others(results.curves), ...curves.map(mine)],
  };
  const used = new Set([...merged.rows, ...merged.curves].map((entry) => entry.machine));
  const machines = { ...results.machines, [machine]: facts };
  const kept = Object.entries(machines).filter(([name]) => used.has(name));
  return { machines: Object.fromEntries(kept.sort()), ...merged };
}

export async function writeResults(file, results) {
  const { format } = await import('prettier');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, await format(JSON.stringify(results), { parser: 'json', printWidth: 120 }));
}
