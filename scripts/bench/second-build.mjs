// What a second build with nothing changed costs beside the first, from a builder image: `node scripts/bench/second-build.mjs [--debian]`.
// The first has nothing: it unpacks the builder, installs the app's packages and writes every blob. With --debian the builder is over Debian.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies, ROOT } from '../bootstrap.mjs';
import { sampleBuilder } from '../demo/builder.mjs';
import { makeDebianRoot } from '../run-image/debian-root.mjs';
import { makeBaseImages } from '../run-image/make.mjs';
import { measure } from './measure.mjs';

const ROUNDS = 5;
const PROGRAM = join(ROOT, 'dist/bin/slipway.js');

await ensureDependencies();
const slipway = await import('../../dist/index.js');
const scratch = mkdtempSync(join(tmpdir(), 'slipway-second-build-'));
try {
  const debian = process.argv.includes('--debian') ? await makeDebianRoot(join(ROOT, '.build', 'debian')) : undefined;
  const layout = join(ROOT, '.build', debian === undefined ? 'base-images' : 'debian-images');
  const images = await slipway.withContext({}, (ctx) => makeBaseImages(layout, slipway, ctx, { debian }));
  writeFileSync(
    join(scratch, 'builder.toml'),
    sampleBuilder({ build: images.build.location, run: images.run.location }),
  );
  cpSync(join(ROOT, 'testdata/samples/web-app'), join(scratch, 'app'), { recursive: true });
  await run(scratch, ['builder', 'create', 'oci:builder', '--config', 'builder.toml']);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await twice(join(scratch, String(round))));
  report(rounds, debian === undefined ? 'this machine’s shell and Node' : debian.createdBy);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The same build two times, the first with empty stores; seconds of each. */
async function twice(directory) {
  mkdirSync(directory);
  const args = [
    ...['build', 'shop', '--path', '../app', '--builder', 'oci:../builder', '--cache-dir', 'cache', '--quiet'],
    ...['--output', 'oci:out', '--output', 'docker-archive:shop.tar'],
  ];
  const [first, second] = [await run(directory, args), await run(directory, args)];
  if (first.stdout !== second.stdout) throw new Error(`two digests: ${first.stdout}${second.stdout}`);
  return { first: first.seconds, second: second.seconds };
}

function run(cwd, args) {
  const env = { ...process.env, SLIPWAY_CACHE_DIR: join(cwd, 'store') };
  return measure(process.execPath, [PROGRAM, ...args], { cwd, env });
}

function report(rounds, base) {
  const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
  const [first, second] = [median(rounds.map((one) => one.first)), median(rounds.map((one) => one.second))];
  const load = loadavg()[0].toFixed(1);
  console.log(`second-build: a builder over ${base}, two outputs, median of ${rounds.length}, load ${load}`);
  console.log(`  first ${first.toFixed(2)} s, second ${second.toFixed(2)} s    ratio ${(second / first).toFixed(2)}`);
}
