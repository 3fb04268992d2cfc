// Interleaved pairs and what they come to.
import { spawnSync } from 'node:child_process';

/** Of an even number of values the mean of the two in the middle; undefined of none. */
export function median(numbers) {
  const sorted = numbers.filter((value) => value !== undefined).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs two programs in turns, the first of a pair the second of the next one, and returns the samples of each. `before` comes ahead of
 * every run and is not timed. Without a peer only ours runs.
 */
export async function runPairs({ pairs, ours, peer, before = settle }) {
  const samples = { ours: [], peer: [] };
  const runs = { ours, peer };
  for (let turn = 0; turn < pairs; turn += 1) {
    for (const who of turn % 2 === 0 ? ['peer', 'ours'] : ['ours', 'peer']) {
      if (runs[who] === undefined) continue;
      await before();
      samples[who].push(await runs[who](turn));
    }
  }
  return samples;
}

/** What an earlier run has left to be written must not slow the next one. */
export function settle() {
  spawnSync('/bin/sync');
}

/**
 * Lines of a row out of samples: `wall`, `cpu` and `peakMb` where they are measured. `limits` names the most that the ratio may be, by
 * measure. The ratio is the median of the pairs' ratios.
 */
export function linesOf({ ours, peer }, limits = {}) {
  return MEASURES.filter(({ key }) => ours.some((sample) => sample[key] !== undefined)).map(({ key, unit, title }) => {
    const ratios = ours.map((sample, index) => ratioOf(sample[key], peer[index]?.[key]));
    return {
      measure: title,
      unit,
      ours: rounded(median(ours.map((sample) => sample[key]))),
      peer: rounded(median(peer.map((sample) => sample[key]))),
      ratio: rounded(median(ratios)),
      ...(limits[key] === undefined ? {} : { limit: limits[key], of: 'ratio' }),
    };
  });
}

const MEASURES = [
  { key: 'wall', unit: 's', title: 'wall' },
  { key: 'cpu', unit: 's', title: 'CPU' },
  { key: 'peakMb', unit: 'MB', title: 'peak memory' },
];

function ratioOf(ours, peer) {
  return ours === undefined || peer === undefined || peer === 0 ? undefined : ours / peer;
}

/** Three figures are more than these clocks know. */
export function rounded(value) {
  return value === undefined ? undefined : Number(value.toPrecision(3));
}
