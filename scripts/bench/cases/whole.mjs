// X1–X3: whole commands of ours, measured against themselves: memory and disk of a build, a second build, a blob through our registry.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../bootstrap.mjs';
import { sampleBuilder } from '../../demo/builder.mjs';
import { makeBaseImages } from '../../run-image/make.mjs';
import { compileBench } from '../lib/compile.mjs';
import { highWater, measure } from '../lib/measure.mjs';
import { memoryLimit } from '../lib/nodes.mjs';
import { median, rounded } from '../lib/pairs.mjs';

const PROGRAM = [process.execPath, join(ROOT, 'dist/bin/slipway.js')];
const HERE = { version: process.versions.node };

export const BUILD_DISK = {
  id: 'X1',
  title: 'memory and disk of a whole `slipway build`',
  minutes: 0.6,
  isLong: true,
  data: ['perf', 'big'],
  run: async (bench) => [
    await wholeBuild(bench, { name: '200 MB in 5,000 files', app: join(bench.data('perf'), 'app') }),
    await wholeBuild(bench, { name: 'one file of 500 MB', app: bench.data('big') }),
  ],
};

export const SECOND_BUILD = {
  id: 'X2',
  title: 'a second build from a builder image with nothing changed, against the first',
  minutes: 1.5,
  isLong: true,
  run: secondBuild,
};

export const REGISTRY_BLOB = {
  id: 'X3',
  title: 'peak memory of a blob of 1 GB to and from `slipway registry serve`, against one of 100 MB',
  minutes: 1,
  isLong: true,
  run: registryBlob,
};

/** From the app directory to a layout, with a buildpack that does nothing, over a base without layers. */
async function wholeBuild(bench, { name, app }) {
  const place = join(bench.work, 'build');
  rmSync(place, { recursive: true, force: true });
  const bin = join(place, 'buildpacks/nothing/1.0.0/bin');
  for (const directory of [bin, join(place, 'watched/tmp')]) mkdirSync(directory, { recursive: true });
  writeFileSync(join(bin, '../buildpack.toml'), 'api = "0.12"\n[buildpack]\nid = "nothing"\nversion = "1.0.0"\n');
  for (const program of ['detect', 'build']) writeFileSync(join(bin, program), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  writeFileSync(join(place, 'launcher'), '#!/bin/sh\n');
  chmodSync(place, 0o755);
  const hasBubblewrap = spawnSync('bwrap', ['--version']).status === 0;
  const run = await measure(
    [
      ...[
        ...PROGRAM,
        'build',
        'bench',
        '--path',
        app,
        '--buildpacks',
        join(place, 'buildpacks'),
        '--run-image',
        'scratch',
      ],
      ...['--platform', 'linux/amd64', '--launcher', join(place, 'launcher'), '--quiet'],
      ...['--sandbox', hasBubblewrap ? 'bubblewrap' : 'host', '--output', `oci:${join(place, 'watched/out')}`],
    ],
    {
      watch: join(place, 'watched'),
      skip: 'workspace',
      env: { ...process.env, TMPDIR: join(place, 'watched/tmp'), SLIPWAY_CACHE_DIR: join(place, 'store') },
    },
  );
  const written = weighBlobs(join(place, 'watched/out'));
  const disk = { measure: 'disk ÷ image', ours: Number((run.peakBytes / written).toFixed(2)), limit: 1.1, of: 'ours' };
  return {
    subject: name,
    lines: [
      { measure: 'peak memory', unit: 'MB', ours: Math.round(run.peakMb), limit: memoryLimit(HERE), of: 'ours' },
      disk,
      { measure: 'wall', unit: 's', ours: rounded(run.wall) },
    ],
    note: 'disk is all that was there at once beside the copy of the app: no uncompressed tar',
  };
}

function weighBlobs(directory) {
  const { stdout } = spawnSync('/usr/bin/du', ['-sb', join(directory, 'blobs')], { encoding: 'utf8' });
  return Number(stdout.split('\t')[0]);
}

/** The first unpacks the builder, installs the app's packages and writes every blob. */
async function secondBuild(bench) {
  const slipway = await import('../../../dist/index.js');
  const images = await slipway.withContext({}, (ctx) =>
    makeBaseImages(join(ROOT, '.build/base-images'), slipway, ctx, {}),
  );
  const { work } = bench;
  const run = (cwd, args) =>
    measure([...PROGRAM, ...args], { cwd, env: { ...process.env, SLIPWAY_CACHE_DIR: join(cwd, 'store') } });
  writeFileSync(join(work, 'builder.toml'), sampleBuilder({ build: images.build.location, run: images.run.location }));
  cpSync(join(ROOT, 'testdata/samples/web-app'), join(work, 'app'), { recursive: true });
  await run(work, ['builder', 'create', 'oci:builder', '--config', 'builder.toml']);
  const times = { first: [], second: [] };
  for (let round = 0; round < bench.pairs; round += 1) {
    const directory = join(work, String(round));
    mkdirSync(directory);
    const outputs = ['--output', 'oci:out', '--output', 'docker-archive:shop.tar'];
    const args = [
      'build',
      'shop',
      '--path',
      '../app',
      '--builder',
      'oci:../builder',
      '--cache-dir',
      'cache',
      '--quiet',
      ...outputs,
    ];
    const both = [await run(directory, args), await run(directory, args)];
    if (both[0].stdout !== both[1].stdout) throw new Error(`two digests: ${both[0].stdout}${both[1].stdout}`);
    times.first.push(both[0].wall);
    times.second.push(both[1].wall);
  }
  const [first, second] = [median(times.first), median(times.second)];
  const line = {
    measure: 'wall',
    unit: 's',
    ours: rounded(second),
    peer: rounded(first),
    ratio: rounded(second / first),
  };
  return [{ peer: { name: 'slipway', title: 'the first', version: '' }, lines: [line] }];
}

async function registryBlob(bench) {
  const program = await compileBench('transfer-blob');
  const sizes = [100, 1000].map((megabytes) => Math.max(4, Math.round(megabytes * bench.scale)));
  const peaks = { 'to it': [], 'from it': [], 'the server': [] };
  for (const megabytes of sizes) {
    const server = await startServer(join(bench.work, `served-${String(megabytes)}`));
    try {
      for (const [name, direction] of [
        ['to it', 'up'],
        ['from it', 'down'],
      ]) {
        const run = await measure([process.execPath, program, direction, server.name, String(megabytes)]);
        peaks[name].push(run.peakMb);
      }
      peaks['the server'].push(highWater(server.child.pid) / 1024);
    } finally {
      server.child.kill();
    }
  }
  return Object.entries(peaks).map(([subject, [small, large]]) => ({
    subject,
    peer: { name: 'slipway', title: 'the small one', version: '' },
    // Collections of garbage do not come at the same moment twice.
    lines: [
      {
        measure: 'peak memory',
        unit: 'MB',
        ours: Math.round(large),
        peer: Math.round(small),
        limit: Math.round(small) + 32,
        of: 'ours',
      },
    ],
  }));
}

async function startServer(directory) {
  const [node, script] = PROGRAM;
  const args = [script, 'registry', 'serve', directory, '--listen', '127.0.0.1:0'];
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const name = await new Promise((resolve, reject) => {
    let text = '';
    const look = (chunk) => {
      text += chunk;
      const found = /http:\/\/(127\.0\.0\.1:\d+)/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.on('close', () => reject(new Error(`the server ended: ${text}`)));
  });
  return { child, name };
}
