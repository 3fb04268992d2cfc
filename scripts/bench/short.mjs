// The short form for CI: ratios of CPU seconds to a limit of the same run, against the ratios in recorded.json (`node scripts/bench.mjs
// --short`, `--short --record`). Ratios hold on a loaded machine, where seconds do not; it looks twice before it says no.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../bootstrap.mjs';
import { dataSet } from './data/sets.mjs';
import { compileBench } from './lib/compile.mjs';
import { median } from './lib/pairs.mjs';
import { otherNode } from './lib/nodes.mjs';

const RECORDED = join(ROOT, 'scripts/bench/recorded.json');
/** How much of `mixed` is packed: about 50 MB. */
const SCALE = 0.2;
const PAIRS = 5;
/** The most by which a ratio may be worse than the recorded one. */
const SLACK = 0.25;

/** Returns false when a ratio is worse than it may be. Says what it found. */
export async function short({ isRecord }) {
  const program = await compileBench('short');
  const app = dataSet(join(ROOT, '.build/bench/data'), 'mixed', SCALE);
  const recorded = JSON.parse(readFileSync(RECORDED, 'utf8'));
  const nodes = [{ path: process.execPath, version: process.versions.node }, ...(isRecord ? otherNode() : [])];
  let isGood = true;
  for (const { path, version } of nodes) {
    const major = version.split('.')[0];
    const measured = ratios(path, program, app);
    if (isRecord) recorded[major] = measured;
    else isGood = judge(measured, recorded[major], { major, again: () => ratios(path, program, app) }) && isGood;
  }
  if (isRecord) writeFileSync(RECORDED, `${JSON.stringify(recorded, undefined, 2)}\n`);
  return isGood;
}

/** `{pack: 1.1, unpack: 1.6}`: medians of the pairs' ratios. */
function ratios(node, program, app) {
  // The files that unpacking makes cost what a file system takes; in memory that is least.
  const scratch = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'slipway-short-'));
  try {
    const { status, stdout, stderr } = spawnSync(node, [program, app, scratch, String(PAIRS)], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the short benchmark ended with ${String(status)}: ${stderr}`);
    const found = Object.entries(JSON.parse(stdout));
    for (const [name, pairs] of found) {
      const of = (who) => median(pairs.map((pair) => pair[who])).toFixed(2);
      console.log(
        `bench: ${name}: ${of('ours')} CPU seconds, limit ${of('limit')}, ratio ${ratioOf(pairs).toFixed(2)}`,
      );
    }
    return Object.fromEntries(found.map(([name, pairs]) => [name, Number(ratioOf(pairs).toFixed(3))]));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function ratioOf(pairs) {
  return median(pairs.map(({ ours, limit }) => ours / limit));
}

function judge(measured, recorded, { major, again }) {
  if (recorded === undefined) {
    console.log(`bench: no ratio is recorded for Node ${major}`);
    return true;
  }
  const overs = (found) => Object.keys(recorded).filter((name) => found[name] > recorded[name] * (1 + SLACK));
  if (overs(measured).length === 0) return true;
  const second = again();
  const worse = overs(measured).filter((name) => overs(second).includes(name));
  for (const name of worse) {
    const best = Math.min(measured[name], second[name]);
    const most = `${recorded[name].toFixed(2)} recorded + ${String(SLACK * 100)} %`;
    console.error(
      `error: ${name} takes ${best.toFixed(2)} of its limit's CPU seconds, more than ${most} (scripts/bench/recorded.json)`,
    );
  }
  return worse.length === 0;
}
