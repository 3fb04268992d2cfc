// B16: the golden fixture through all phases in one process.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../bootstrap.mjs';
import { BASE, ourPhase } from '../lib/exporter.mjs';
import { measure } from '../lib/measure.mjs';
import { nodeTitle } from '../lib/nodes.mjs';
import { linesOf, runPairs } from '../lib/pairs.mjs';
import { findPeers } from '../lib/peers.mjs';

const FIXTURES = join(ROOT, 'testdata/golden/fixtures');

/** Limits of the ratio by the app and what was there before. */
const SCENES = [
  { name: 'the golden app, the first time' },
  { name: 'the golden app again, nothing changed', isRebuild: true },
  { name: '`small` as the app, the first time', set: 'small' },
];

export const CREATE = {
  id: 'B16',
  title: 'all phases in one process, `creator`',
  minutes: 1.2,
  data: ['small'],
  run: async (bench) => {
    const rows = [];
    for (const node of bench.nodes) for (const scene of SCENES) rows.push(await create(bench, node, scene));
    if (bench.nodes.length === 1)
      rows.push({ subject: 'a second Node', lines: [], gap: 'SLIPWAY_TEST_NODE is not set' });
    return rows;
  },
};

async function create(bench, node, { name, set, isRebuild = false }) {
  const { found, gap } = findPeers(['creator']);
  const app = set === undefined ? undefined : bench.data(set);
  const bed = (who, program) => new CreateBed(join(bench.work, who), { program, app });
  const ours = bed('ours', ourPhase('creator', node.path));
  const peer = gap === undefined ? bed('peer', [found.creator.path]) : undefined;
  const pairs = set === undefined ? bench.pairs * 2 : Math.ceil(bench.pairs / 2);
  const samples = await runPairs({
    pairs,
    ours: () => ours.run(isRebuild),
    peer: peer === undefined ? undefined : () => peer.run(isRebuild),
    before: () => undefined,
  });
  const limit = Number(node.version.split('.')[0]) >= 24 ? 1 : 1.3;
  const lines = linesOf(samples, { wall: limit });
  return { subject: `${name}, ${nodeTitle(node)}`, peer: found.creator, gap, pairs, lines };
}

class CreateBed {
  /** `app`: a directory that is only read; absent: the golden app, unpacked anew for each run. */
  constructor(directory, { program, app }) {
    this.directory = directory;
    this.program = program;
    this.app = app;
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(join(directory, 'home'), { recursive: true });
    unpack('buildpacks.tar', directory);
    writeFileSync(join(directory, 'launcher'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  }

  /** A build with nothing from before; `isRebuild`: of what the build before it has made. */
  async run(isRebuild) {
    if (isRebuild && !this.isBuilt) await this.#once();
    if (!isRebuild) this.#clear();
    this.isBuilt = isRebuild;
    this.#freshInput();
    return this.#create();
  }

  async #once() {
    this.#clear();
    this.#freshInput();
    await this.#create();
  }

  #clear() {
    for (const name of ['layout', 'cache', 'home'])
      rmSync(join(this.directory, name), { recursive: true, force: true });
    const base = join(this.directory, 'layout/r.example/run');
    mkdirSync(base, { recursive: true });
    for (const name of ['home', 'cache']) mkdirSync(join(this.directory, name));
    cpSync(BASE, join(base, 'v1'), { recursive: true });
  }

  #freshInput() {
    for (const name of ['app', 'layers']) {
      rmSync(join(this.directory, name), { recursive: true, force: true });
      mkdirSync(join(this.directory, name));
    }
    if (this.app === undefined) unpack('app-v1.tar', join(this.directory, 'app'));
  }

  #create() {
    const at = (name) => join(this.directory, name);
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: at('home'),
      CNB_PLATFORM_API: '0.12',
      CNB_EXPERIMENTAL_MODE: 'quiet',
    };
    const args = [
      ...['-log-level', 'error', '-uid', '0', '-gid', '0', '-app', this.app ?? at('app'), '-layers', at('layers')],
      ...['-buildpacks', at('buildpacks'), '-order', join(FIXTURES, 'order-min.toml'), '-launcher', at('launcher')],
      ...['-platform', join(FIXTURES, 'platform'), '-cache-dir', at('cache'), '-run-image', 'r.example/run:v1'],
      ...['-layout', '-layout-dir', at('layout'), 'r.example/app/one'],
    ];
    return measure([...this.program, ...args], { env });
  }
}

function unpack(name, directory) {
  const { status, stderr } = spawnSync('tar', ['-x', '-f', join(FIXTURES, name), '-C', directory], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`tar -x ${name}: ${String(stderr)}`);
}
