// B1–B3: an app as the only new layer, from the directory to an OCI layout.
import { join } from 'node:path';
import { ExportBed, newLayers, ourExporter } from '../lib/exporter.mjs';
import { findPeers } from '../lib/peers.mjs';
import { linesOf, runPairs } from '../lib/pairs.mjs';

const LIMITS = { wall: 0.3, cpu: 0.45 };

function exportCase(id, name, minutes) {
  return {
    id,
    title: `export of \`${name}\` to an OCI layout`,
    minutes,
    data: [name],
    run: (bench) => run(bench, name),
  };
}

export const EXPORT_MIXED = exportCase('B1', 'mixed', 1.2);
export const EXPORT_BIG = exportCase('B2', 'big', 1.7);
export const EXPORT_SMALL = exportCase('B3', 'small', 0.6);

async function run(bench, name) {
  const app = bench.data(name);
  const { found, gap } = findPeers(['exporter']);
  const bed = (who, program) => new ExportBed(join(bench.work, who), { program, app });
  const ours = bed('ours', ourExporter());
  const peer = found.exporter === undefined ? undefined : bed('peer', [found.exporter.path]);
  const samples = await runPairs({
    pairs: bench.pairs,
    ours: () => exported(ours),
    peer: peer === undefined ? undefined : () => exported(peer),
  });
  const isSame = peer === undefined || newLayers(ours.image())[0].diffId === newLayers(peer.image())[0].diffId;
  return [
    {
      peer: found.exporter,
      gap: gap ?? (isSame ? undefined : 'the app layer’s diffIDs differ, so this is no comparison'),
      lines: linesOf(samples, LIMITS),
      note: peer === undefined || !isSame ? undefined : 'the app layer has the same diffID in both',
    },
  ];
}

async function exported(bed) {
  bed.freshLayout();
  return bed.toLayout();
}
