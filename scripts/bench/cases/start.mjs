// B11, B12: how long it takes to begin.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../bootstrap.mjs';
import { loadTables } from '../../docs/sources.mjs';
import { measure } from '../lib/measure.mjs';
import { nodeTitle } from '../lib/nodes.mjs';
import { median, runPairs } from '../lib/pairs.mjs';

const PROGRAM = join(ROOT, 'dist/bin/slipway.js');
/** One start is short and noisy. */
const STARTS_A_PAIR = 4;
const SLOWER = { version: 10, help: 100 };

export const VERSION = {
  id: 'B11',
  title: '`slipway --version`',
  minutes: 0.3,
  run: (bench) => overNodes(bench, version),
};

export const HELP = {
  id: 'B12',
  title: '`--help` of every command',
  minutes: 1.5,
  run: (bench) => overNodes(bench, help),
};

async function overNodes(bench, run) {
  const rows = [];
  for (const node of bench.nodes) rows.push(await run(bench, node));
  if (bench.nodes.length === 1) rows.push({ subject: 'a second Node', lines: [], gap: 'SLIPWAY_TEST_NODE is not set' });
  return rows;
}

async function version(bench, node) {
  const { ours, peer } = await starts(bench, node, { args: ['--version'], count: bench.pairs * STARTS_A_PAIR });
  return row(node, { ours: median(ours), bare: median(peer), slower: SLOWER.version });
}

/** The slowest by three starts each is measured again, beside the empty file. */
async function help(bench, node) {
  const { COMMANDS } = await loadTables();
  const slowest = { args: [], wall: 0 };
  for (const { name } of [{ name: '' }, ...COMMANDS]) {
    const args = [...name.split(' ').filter((word) => word !== ''), '--help'];
    const { ours } = await starts(bench, node, { args, count: 3, isAlone: true });
    if (median(ours) > slowest.wall) Object.assign(slowest, { args, wall: median(ours) });
  }
  const { ours, peer } = await starts(bench, node, { args: slowest.args, count: bench.pairs * STARTS_A_PAIR });
  const note = `of ${String(COMMANDS.length + 1)} the slowest is \`slipway ${slowest.args.join(' ')}\``;
  return { ...row(node, { ours: median(ours), bare: median(peer), slower: SLOWER.help }), note };
}

/** Wall milliseconds of starts, beside those of a Node that runs an empty file. */
async function starts(bench, node, { args, count, isAlone = false }) {
  const empty = join(bench.work, 'empty.js');
  writeFileSync(empty, '');
  const run = (command) => async () => (await measure(command)).wall * 1000;
  return runPairs({
    pairs: count,
    ours: run([node.path, PROGRAM, ...args]),
    peer: isAlone ? undefined : run([node.path, empty]),
    before: () => undefined,
  });
}

function row(node, { ours, bare, slower }) {
  const round = (value) => Number(value.toFixed(1));
  const line = {
    measure: 'wall',
    unit: 'ms',
    ours: round(ours),
    peer: round(bare),
    limit: round(bare + slower),
    of: 'ours',
  };
  const peer = { name: 'node', title: 'an empty file', version: node.version };
  return { subject: nodeTitle(node), peer, lines: [line] };
}
