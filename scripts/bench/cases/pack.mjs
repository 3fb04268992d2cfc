// B4–B6: one layer from a directory to a blob, against programs that do only that.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSinglePass, compileBench } from '../lib/compile.mjs';
import { measure } from '../lib/measure.mjs';
import { linesOf, runPairs } from '../lib/pairs.mjs';
import { findPeers } from '../lib/peers.mjs';

const NO_GO = 'not on PATH: go';

export const PACK = {
  id: 'B4',
  title: 'pack one layer (tar, sha256, gzip, sha256, file)',
  minutes: 1.7,
  data: ['mixed', 'small', 'big'],
  run: async (bench) => [
    await pack(bench, 'mixed', { wall: 0.65, cpu: 1 }),
    await pack(bench, 'small', { wall: 0.65, cpu: 1 }),
    await pack(bench, 'big', { wall: 0.65, cpu: 1 }),
  ],
};

export const HASH = {
  id: 'B5',
  title: 'tar and sha256 of a layer only',
  minutes: 0.5,
  data: ['mixed'],
  run: hash,
};

export const PIPE = {
  id: 'B6',
  title: 'pack one layer, against a pipe of programs',
  minutes: 1,
  data: ['mixed'],
  run: async (bench) => [
    await pipe(bench, ['tar', 'gzip', 'sha256sum'], { limits: { wall: 0.5 } }),
    await pipe(bench, ['tar', 'pigz', 'sha256sum'], { note: 'for information: pigz uses every core' }),
  ],
};

async function pack(bench, name, limits) {
  const directory = bench.data(name);
  const program = await compileBench('pack-layer');
  const peer = buildSinglePass();
  const found = {};
  const run = async (who, command) => {
    const sample = await measure(command);
    found[who] = JSON.parse(sample.stdout);
    return sample;
  };
  const out = join(bench.work, 'out');
  const samples = await runPairs({
    pairs: bench.pairs,
    ours: () => run('ours', [process.execPath, program, directory, fresh(out)]),
    peer: peer === undefined ? undefined : () => run('peer', [peer.path, directory, join(fresh(out), 'layer')]),
  });
  return { subject: `\`${name}\``, peer, lines: linesOf(samples, limits), ...sameTar(found, peer) };
}

async function hash(bench) {
  const directory = bench.data('mixed');
  const program = await compileBench('pack-layer');
  const peer = buildSinglePass();
  const found = {};
  const run = async (who, command) => {
    const sample = await measure(command);
    found[who] = JSON.parse(sample.stdout);
    return sample;
  };
  const samples = await runPairs({
    pairs: bench.pairs,
    ours: () => run('ours', [process.execPath, program, directory]),
    peer: peer === undefined ? undefined : () => run('peer', [peer.path, directory]),
  });
  return [{ subject: '`mixed`', peer, lines: linesOf(samples, { cpu: 1 }), ...sameTar(found, peer) }];
}

async function pipe(bench, names, { limits, note }) {
  const directory = bench.data('mixed');
  const program = await compileBench('pack-layer');
  const { gap, found } = findPeers(names);
  const [tar, compressor] = names;
  const words = `${tar} -C "$1" -c . | ${compressor} -1 | tee "$2" | sha256sum`;
  const out = join(bench.work, 'out');
  const samples = await runPairs({
    pairs: bench.pairs,
    ours: () => measure([process.execPath, program, directory, fresh(out)]),
    peer:
      gap === undefined
        ? () => measure(['/bin/bash', '-c', words, 'bash', directory, join(fresh(out), 'layer')])
        : undefined,
  });
  const version = names.map((name) => found[name]?.version ?? '').join(', ');
  const peer = { name: names.join(' '), title: `\`tar c\`, \`${compressor} -1\` and \`sha256sum\` in a pipe`, version };
  return { subject: `\`mixed\``, peer, gap, lines: linesOf(samples, limits), note };
}

/** Whether both have made the same tar; a comparison of different ones would be none. */
function sameTar({ ours, peer: theirs }, peer) {
  if (peer === undefined) return { gap: NO_GO };
  return ours.diffId === theirs.diffId
    ? { note: 'the diffIDs are equal' }
    : { gap: `the diffIDs differ: ${ours.diffId}, ${theirs.diffId}` };
}

function fresh(directory) {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  return directory;
}
