// L1: an export of 200 MB in little memory and on little CPU does not fail.
import { join } from 'node:path';
import { makeGroup } from '../lib/cgroup.mjs';
import { ExportBed, newLayers, ourExporter } from '../lib/exporter.mjs';
import { nodeTitle } from '../lib/nodes.mjs';
import { rounded } from '../lib/pairs.mjs';
import { findPeers } from '../lib/peers.mjs';

const MEMORY_MB = 200;

export const LIMITS = {
  id: 'L1',
  title: 'export of 200 MB under limits',
  minutes: 0.7,
  data: ['perf'],
  run: async (bench) => {
    const rows = [];
    for (const node of bench.nodes) {
      const bed = new ExportBed(join(bench.work, 'ours'), {
        program: ourExporter(node.path),
        app: join(bench.data('perf'), 'app'),
      });
      bed.freshLayout();
      await bed.toLayout();
      const wanted = newLayers(bed.image())[0].digest;
      for (const cpus of [1, 0.5]) rows.push(await inGroup(bed, { node, cpus, wanted }));
      rows.push(await onOneCore(bed, { node, wanted }));
      rows.push(await inData(bed, { node, wanted }));
    }
    return rows;
  },
};

async function inGroup(bed, { node, cpus, wanted }) {
  const subject = `a control group of ${String(MEMORY_MB)} MB and ${String(cpus)} CPU, ${nodeTitle(node)}`;
  const group = makeGroup({ memoryMb: MEMORY_MB, cpus });
  if (group === undefined) return { subject, gap: 'no control group can be made here', lines: [] };
  try {
    const row = await limited(bed, { subject, prefix: group.prefix, wanted });
    return { ...row, note: `${String(group.kills())} processes were killed for memory` };
  } finally {
    group.remove();
  }
}

function onOneCore(bed, { node, wanted }) {
  const subject = `bound to one core, ${nodeTitle(node)}`;
  const { gap, found } = findPeers(['taskset']);
  if (gap !== undefined) return { subject, gap, lines: [] };
  return limited(bed, { subject, prefix: [found.taskset.path, '-c', '0'], wanted });
}

/** Address space says nothing about Node, which reserves much more than it uses; this counts what may be written. */
function inData(bed, { node, wanted }) {
  const subject = `\`ulimit -d\` of 768 MB, ${nodeTitle(node)}`;
  return limited(bed, { subject, prefix: ['/bin/bash', '-c', 'ulimit -d 786432 && exec "$@"', 'bash'], wanted });
}

async function limited(bed, { subject, prefix, wanted }) {
  bed.freshLayout();
  const { code, wall, peakMb, stderr } = await bed.toLayout([], { prefix, mayFail: true });
  const isRight = code === 0 && newLayers(bed.image())[0].digest === wanted;
  const lines = [
    { measure: 'outcome', ours: isRight ? 'works' : 'fails', limit: 'works', of: 'ours' },
    { measure: 'wall', unit: 's', ours: rounded(wall) },
    { measure: 'peak memory', unit: 'MB', ours: rounded(peakMb) },
  ];
  return { subject, lines, note: isRight ? undefined : `it said: ${stderr.trim().slice(-200)}` };
}
