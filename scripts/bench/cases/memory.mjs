// B13: the most memory that an export takes, whatever its size.
import { join } from 'node:path';
import { ExportBed, ourExporter } from '../lib/exporter.mjs';
import { memoryLimit, nodeTitle } from '../lib/nodes.mjs';
import { findPeers } from '../lib/peers.mjs';

/** What the peak is the largest of: collections of garbage do not come at the same moment twice. */
const RUNS = 3;

export const MEMORY = {
  id: 'B13',
  title: 'peak memory of an export',
  minutes: 1.5,
  data: ['big', 'layers'],
  run: async (bench) => {
    const peer = findPeers(['exporter']);
    const rows = [];
    for (const node of bench.nodes)
      for (const one of [BIG, LAYERS]) rows.push(await peak(bench, { node, ...one, peer }));
    return rows;
  },
};

export const MEMORY_LONG = {
  id: 'B13L',
  title: 'peak memory of a very large export',
  minutes: 6,
  isLong: true,
  data: ['big', 'sparse', 'many'],
  run: async (bench) => {
    const peer = findPeers(['exporter']);
    const rows = [];
    for (const node of bench.nodes) {
      const big = await peak(bench, { node, ...BIG, peer });
      const sparse = await peak(bench, { node, ...SPARSE, peer });
      const ratio = Number((sparse.lines[0].ours / big.lines[0].ours).toFixed(2));
      const growth = { measure: '3 GB ÷ 500 MB', ours: ratio, limit: 1.15, of: 'ours' };
      rows.push({ ...sparse, lines: [...sparse.lines, growth] }, await peak(bench, { node, ...MANY, peer }));
    }
    return rows;
  },
};

const BIG = { name: 'one file of 500 MB', set: 'big' };
const SPARSE = { name: 'one sparse file of 3 GB', set: 'sparse' };
const MANY = { name: '200,000 files', set: 'many' };
const LAYERS = { name: '40 layers of 5 MB', set: 'layers' };

/** Go's peak is for information: it has no runtime to carry. */
async function peak(bench, { node, name, set, peer }) {
  const directory = bench.data(set);
  const place =
    set === 'layers' ? { app: join(directory, 'app'), layers: join(directory, 'layers') } : { app: directory };
  const most = async (who, program, runs) => {
    const bed = new ExportBed(join(bench.work, who), { program, ...place });
    let peakMb = 0;
    for (let run = 0; run < runs; run += 1) {
      bed.freshLayout();
      peakMb = Math.max(peakMb, (await bed.toLayout()).peakMb);
    }
    return Math.round(peakMb);
  };
  const ours = await most('ours', ourExporter(node.path), RUNS);
  const theirs = peer.gap === undefined ? await most('peer', [peer.found.exporter.path], 1) : undefined;
  const line = { measure: 'peak memory', unit: 'MB', ours, peer: theirs, limit: memoryLimit(node), of: 'ours' };
  return { subject: `${name}, ${nodeTitle(node)}`, peer: peer.found.exporter, gap: peer.gap, lines: [line] };
}
