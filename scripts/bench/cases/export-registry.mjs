// E1, E2, B7, B8: 650 MB in four layers to a registry and to a layout, the first time and again with nothing changed.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../bootstrap.mjs';
import { startRegistry, withRegistry } from '../lib/docker-registry.mjs';
import { BASE, ExportBed, ourExporter, ourPhase } from '../lib/exporter.mjs';
import { measure } from '../lib/measure.mjs';
import { findPeers } from '../lib/peers.mjs';
import { linesOf, runPairs, settle } from '../lib/pairs.mjs';

const WHAT = '200 MB app in 5,000 files and 3 layers of 150 MB';

export const REGISTRY_FIRST = {
  id: 'E1',
  title: `export of ${WHAT} to an empty registry`,
  minutes: 2,
  data: ['perf'],
  run: firstTime,
};

export const REGISTRY_AGAIN = {
  id: 'E2',
  title: `the same again to the registry, nothing changed`,
  minutes: 1,
  data: ['perf'],
  run: againToRegistry,
};

export const LAYOUT_AGAIN = {
  id: 'B7',
  title: 'the same again to a layout, nothing changed',
  minutes: 1,
  data: ['perf', 'mixed'],
  run: async (bench) => [
    await againToLayout(bench, { name: 'perf', limits: { wall: 0.05 } }),
    await againToLayout(bench, { name: 'mixed', limits: { wall: 0.3 } }),
  ],
};

export const LAYOUT_AGAIN_COLD = {
  id: 'B8',
  title: 'the same again to a layout without an index of ours',
  minutes: 1,
  data: ['perf'],
  run: async (bench) => [await againToLayout(bench, { name: 'perf', limits: { wall: 1 }, isCold: true })],
};

/** Both exporters over a data set, the Go one only where it is. */
function beds(bench, name) {
  const { found, gap } = findPeers(['exporter', 'analyzer']);
  const data = bench.data(name);
  const dirs = name === 'perf' ? { app: join(data, 'app'), layers: join(data, 'layers') } : { app: data };
  const bed = (who, programs) => new ExportBed(join(bench.work, who), { ...programs, ...dirs });
  const ours = bed('ours', { program: ourExporter(), analyzer: ourPhase('analyzer') });
  const peer =
    gap === undefined ? bed('peer', { program: [found.exporter.path], analyzer: [found.analyzer.path] }) : undefined;
  return { ours, peer, found, gap };
}

async function firstTime(bench) {
  const { ours, peer, found, gap } = beds(bench, 'perf');
  const registry = findPeers(['docker-registry']);
  if (registry.gap !== undefined) return [{ gap: registry.gap, lines: [] }];
  const program = registry.found['docker-registry'].path;
  const template = await baseTemplate(program, bench.work);
  const once = (bed) =>
    withRegistry({ program, directory: join(bench.work, 'registry'), template }, async ({ name }) => {
      bed.analyzed(`${name}/base/run@${bed.baseDigest}`, `${name}/base/run:v1`);
      bed.forget();
      settle();
      return bed.export([`${name}/app/one:v1`]);
    });
  const samples = await runPairs({
    pairs: bench.pairs,
    ours: () => once(ours),
    peer: peer === undefined ? undefined : () => once(peer),
  });
  return [{ peer: found.exporter, gap, lines: linesOf(samples, { wall: 0.35 }) }];
}

async function againToRegistry(bench) {
  const { ours, peer, found, gap } = beds(bench, 'perf');
  const registry = findPeers(['docker-registry']);
  if (registry.gap !== undefined) return [{ gap: registry.gap, lines: [] }];
  const program = registry.found['docker-registry'].path;
  const template = await baseTemplate(program, bench.work);
  const open = [];
  const prepare = async (bed) => {
    if (bed === undefined) return undefined;
    const { name, stop } = await startRegistry(program, join(bed.directory, 'registry'), { template });
    open.push(stop);
    bed.analyzed(`${name}/base/run@${bed.baseDigest}`, `${name}/base/run:v1`);
    await bed.export([`${name}/app/one:v1`]);
    await bed.analyze(['-run-image', `${name}/base/run:v1`, `${name}/app/one:v1`]);
    await bed.export([`${name}/app/one:v1`]);
    return () => bed.export([`${name}/app/one:v1`]);
  };
  try {
    const samples = await runPairs({ pairs: bench.pairs, ours: await prepare(ours), peer: await prepare(peer) });
    return [{ peer: found.exporter, gap, lines: linesOf(samples, { wall: 0.3 }) }];
  } finally {
    for (const stop of open) await stop();
  }
}

async function againToLayout(bench, { name, limits, isCold = false }) {
  const { ours, peer, found, gap } = beds(bench, name);
  const prepare = async (bed) => {
    if (bed === undefined) return undefined;
    bed.freshLayout();
    await bed.toLayout();
    await bed.analyze(['-layout', '-layout-dir', bed.layout, '-run-image', 'r.example/run:v1', 'r.example/app/one']);
    await bed.toLayout();
    return () => {
      if (isCold) bed.forget();
      return bed.toLayout();
    };
  };
  const samples = await runPairs({ pairs: bench.pairs, ours: await prepare(ours), peer: await prepare(peer) });
  return {
    subject: name === 'perf' ? undefined : `\`${name}\``,
    peer: found.exporter,
    gap,
    lines: linesOf(samples, limits),
  };
}

/** The blobs of a registry that has the base image. */
async function baseTemplate(program, work) {
  const template = join(work, 'template');
  await withRegistry({ program, directory: join(work, 'registry') }, async ({ name, blobs }) => {
    const copy = [process.execPath, join(ROOT, 'dist/bin/slipway.js'), 'image', 'copy', '--quiet'];
    await measure([...copy, `oci:${BASE}`, `${name}/base/run:v1`]);
    cpSync(blobs, template, { recursive: true });
  });
  return template;
}
