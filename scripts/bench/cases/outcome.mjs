// B14, B15: what comes out: its size, and that it is always the same.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildSinglePass, compileBench } from '../lib/compile.mjs';
import { ExportBed, newLayers, ourExporter } from '../lib/exporter.mjs';
import { measure } from '../lib/measure.mjs';
import { nodeTitle } from '../lib/nodes.mjs';
import { rounded } from '../lib/pairs.mjs';
import { findPeers } from '../lib/peers.mjs';

const POOLS = [1, 2, 4, 8];

export const SIZE = {
  id: 'B14',
  title: 'compressed size at the default level',
  minutes: 0.7,
  data: ['mixed', 'small', 'big', 'perf'],
  run: async (bench) => {
    const program = await compileBench('pack-layer');
    const peer = buildSinglePass();
    const directory = (name) => (name === 'perf' ? join(bench.data(name), 'app') : bench.data(name));
    const rows = [];
    for (const name of ['mixed', 'small', 'big', 'perf'])
      rows.push(await size(bench, { name, directory: directory(name), program, peer }));
    return rows;
  },
};

export const SAME_BYTES = {
  id: 'B15',
  title: 'the layer’s digest is the same',
  minutes: 0.7,
  data: ['mixed'],
  run: sameBytes,
};

async function size(bench, { name, directory, program, peer }) {
  const out = join(bench.work, `size-${name}`);
  mkdirSync(out);
  const packed = async (command) => JSON.parse((await measure(command)).stdout);
  const ours = await packed([process.execPath, program, directory, out]);
  const theirs = peer === undefined ? undefined : await packed([peer.path, directory, join(out, 'peer')]);
  const line = {
    measure: 'size',
    unit: 'MB',
    ours: megabytes(ours.size),
    peer: theirs === undefined ? undefined : megabytes(theirs.size),
    ratio: theirs === undefined ? undefined : rounded(ours.size / theirs.size),
    limit: 1,
    of: 'ratio',
  };
  const note = `${megabytes(ours.tarSize).toFixed(1)} MB of tar`;
  const title = 'Go’s compress/gzip at the level of its peers (1)';
  const subject = `\`${name}\`${name === 'perf' ? ' app, half of it random' : ''}`;
  return {
    subject,
    peer: peer === undefined ? undefined : { ...peer, title },
    gap: peer === undefined ? 'not on PATH: go' : undefined,
    lines: [line],
    note,
  };
}

async function sameBytes(bench) {
  const app = bench.data('mixed');
  const bed = (who, program) => new ExportBed(join(bench.work, who), { program, app });
  const run = async (one, options = {}) => {
    one.freshLayout();
    await one.toLayout([], options);
    return newLayers(one.image())[0];
  };
  const rows = [];
  const reference = await run(bed('ours', ourExporter()));
  for (const node of bench.nodes) {
    const ours = bed('ours', ourExporter(node.path));
    const found = [];
    for (const pool of POOLS) found.push(await run(ours, { env: { UV_THREADPOOL_SIZE: String(pool) } }));
    if (findPeers(['taskset']).gap === undefined) found.push(await run(ours, { prefix: ['taskset', '-c', '0'] }));
    rows.push({
      subject: `${nodeTitle(node)}, pools of ${POOLS.join(', ')} threads, and one core`,
      lines: [
        verdict(
          'digests',
          found.every(({ digest }) => digest === reference.digest),
        ),
      ],
      note: `${String(found.length)} runs gave \`${[...new Set(found.map(({ digest }) => digest))].join('`, `')}\``,
    });
  }
  if (bench.nodes.length === 1) rows.push({ subject: 'a second Node', lines: [], gap: 'SLIPWAY_TEST_NODE is not set' });
  const { found, gap } = findPeers(['exporter']);
  if (gap !== undefined) return [...rows, { subject: 'diffID', gap, lines: [] }];
  const theirs = await run(bed('peer', [found.exporter.path]));
  return [
    ...rows,
    { subject: 'diffID', peer: found.exporter, lines: [verdict('diffID', theirs.diffId === reference.diffId)] },
  ];
}

function verdict(name, isEqual) {
  return { measure: name, ours: isEqual ? 'equal' : 'different', limit: 'equal', of: 'ours' };
}

function megabytes(bytes) {
  return Number((bytes / 1e6).toFixed(2));
}
