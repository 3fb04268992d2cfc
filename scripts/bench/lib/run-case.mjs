// Runs one case and puts its rows into results.json.
import { join } from 'node:path';
import { dataSet } from '../data/sets.mjs';
import { load, machineFacts, machineId } from './machine.mjs';
import { amountText } from './render.mjs';
import { mergeResults, readResults, writeResults } from './results.mjs';
import { otherNode } from './nodes.mjs';

/** `place`: `{work, dataRoot, pairs, scale, isFull, resultsFile}`. */
export async function runCase(one, { resultsFile, ...place }) {
  const begun = load();
  const started = performance.now();
  const bench = {
    ...place,
    data: (name) => dataSet(place.dataRoot, name, place.scale),
    nodes: [{ path: process.execPath, version: process.versions.node }, ...otherNode()],
  };
  for (const name of one.data ?? []) bench.data(name);
  console.log(`\n${one.id} ${one.title}, load ${String(begun)}`);
  const { rows, curves = [] } = asResult(await one.run(bench));
  const facts = machineFacts(join(place.work, '..'));
  const run = {
    date: new Date().toISOString().slice(0, 10),
    load: begun,
    pairs: place.pairs,
    node: process.versions.node,
    zlib: process.versions.zlib,
    ...(place.scale === 1 ? {} : { scale: place.scale }),
  };
  const result = {
    id: one.id,
    machine: machineId(facts),
    facts,
    rows: rows.map((row) => ({ ...run, ...plain(row) })),
    curves,
  };
  await writeResults(resultsFile, mergeResults(readResults(resultsFile), result));
  for (const row of rows) show(row);
  console.log(`  ${((performance.now() - started) / 60_000).toFixed(1)} min`);
}

function asResult(result) {
  return Array.isArray(result) ? { rows: result } : result;
}

/** Paths of the machine stay out. */
function plain({ peer, ...row }) {
  return peer === undefined ? row : { ...row, peer: { name: peer.name, title: peer.title, version: peer.version } };
}

function show({ subject, peer, gap, lines, note }) {
  if (subject !== undefined || peer !== undefined) console.log(`  ${subject ?? ''} vs ${peer?.name ?? '-'}`);
  if (gap !== undefined) console.log(`    gap: ${gap}`);
  for (const line of lines) console.log(`    ${amountText(line)}`);
  if (note !== undefined) console.log(`    ${note}`);
}
