// Peak memory and time of exporting a large app: `node scripts/bench/export-memory.mjs [--rounds 3] [--megabytes 200] [--files 50000]`.
// Two apps, many small files and one large file: packed with the product's own code in a child process beside `tar c | pigz -1` of the
// same tree, interleaved, medians; and built by the whole `slipway build` into a layout. VmHWM and everything on disk but the copy of
// the app are watched. Exits 1 when a peak passes the target, or when more than the blobs were ever on disk.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies, ROOT } from '../bootstrap.mjs';
import { build } from '../build.mjs';
import { compileBench } from './compile.mjs';
import { measure } from './measure.mjs';

/** Node 24 frees external memory later (docs: performance of the packer). */
const TARGET_MB = Number(process.versions.node.split('.')[0]) >= 24 ? 160 : 128;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    megabytes: { type: 'string', default: '200' },
    files: { type: 'string', default: '50000' },
  },
});
const rounds = Number(values.rounds);
const bytes = Number(values.megabytes) * 1024 * 1024;

await ensureDependencies();
await build();
const program = await compileBench('pack-app');
const work = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
let isOver = false;
try {
  const apps = {
    [`${values.files} files`]: makeManyFiles(join(work, 'many'), Number(values.files), bytes),
    'one file': makeOneFile(join(work, 'one'), bytes),
  };
  for (const [name, app] of Object.entries(apps)) {
    const ours = [];
    const peers = [];
    for (let round = 0; round < rounds; round += 1) {
      ours.push(await packApp(app));
      peers.push(await tarPigz(app));
    }
    const peak = Math.max(...ours.map((run) => run.peakMb));
    const wall = median(ours.map((run) => run.seconds));
    const peer = peers.includes(undefined) ? undefined : median(peers);
    isOver ||= peak > TARGET_MB;
    const ratio =
      peer === undefined ? 'pigz is not here' : `${(wall / peer).toFixed(2)} of tar | pigz -1 (${peer.toFixed(2)} s)`;
    console.log(
      `${values.megabytes} MB in ${name}: peak ${peak.toFixed(0)} MB of ${TARGET_MB}, ${wall.toFixed(2)} s, ${ratio}`,
    );
    const most = Math.max(...ours.map((run) => run.peakBytes));
    const [{ digest, size }] = ours;
    console.log(`  ${digest} ${mb(size)} MB; at most ${mb(most)} MB were in the output directory`);
    const whole = await buildApp(app);
    console.log(
      `  whole slipway build: peak ${whole.peakMb.toFixed(0)} MB, ${whole.seconds.toFixed(2)} s; at most ${mb(whole.peakBytes)} MB beside the app's copy`,
    );
    // More than the blob itself would be a copy, for example an uncompressed tar.
    isOver ||= most > size || whole.peakMb > TARGET_MB || whole.peakBytes > size * 1.02 + 2e6;
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (isOver) {
  console.error(`error: more than ${TARGET_MB} MB of memory, or more on disk than the blob`);
  process.exit(1);
}

/** Packs an app in a process of its own. */
async function packApp(app) {
  const out = join(work, 'out');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const { stdout, ...measured } = await measure(process.execPath, [program, app, out], { watch: out });
  return { ...measured, ...JSON.parse(stdout) };
}

/** The whole program, from the app directory to an OCI layout, with a buildpack that does nothing over a base without layers. */
async function buildApp(app) {
  const place = join(work, 'build');
  rmSync(place, { recursive: true, force: true });
  const bin = join(place, 'buildpacks/nothing/1.0.0/bin');
  for (const directory of [bin, join(place, 'watched/tmp')]) mkdirSync(directory, { recursive: true });
  writeFileSync(join(bin, '../buildpack.toml'), 'api = "0.12"\n[buildpack]\nid = "nothing"\nversion = "1.0.0"\n');
  for (const name of ['detect', 'build']) writeFileSync(join(bin, name), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  writeFileSync(join(place, 'launcher'), '#!/bin/sh\n');
  for (const directory of [work, place]) chmodSync(directory, 0o755);
  const hasBubblewrap = spawnSync('bwrap', ['--version']).status === 0;
  const args = ['build', 'bench', '--path', app, '--buildpacks', join(place, 'buildpacks'), '--run-image', 'scratch'];
  const more = ['--platform', 'linux/amd64', '--launcher', join(place, 'launcher'), '--quiet'];
  const sandbox = ['--sandbox', hasBubblewrap ? 'bubblewrap' : 'host'];
  const output = ['--output', `oci:${join(place, 'watched/out')}`];
  return measure(process.execPath, [join(ROOT, 'dist/bin/slipway.js'), ...args, ...more, ...sandbox, ...output], {
    watch: join(place, 'watched'),
    skip: 'workspace',
    env: { ...process.env, TMPDIR: join(place, 'watched/tmp') },
  });
}

/** Seconds; undefined without pigz. */
async function tarPigz(app) {
  if (spawnSync('pigz', ['--version']).status !== 0) return undefined;
  const script = 'tar c -C "$1" . | pigz -1 > "$2"';
  return (await measure('sh', ['-c', script, 'sh', app, join(work, 'peer.tar.gz')])).seconds;
}

/** Source-like text that gzip makes about four times smaller, in files of very different sizes. */
function makeManyFiles(root, count, total) {
  const text = sourceText(256 * 1024);
  const mean = total / count;
  for (let index = 0; index < count; index += 1) {
    const directory = join(root, `package-${index % 199}`, `lib-${index % 7}`);
    if (index < 199 * 7) mkdirSync(directory, { recursive: true });
    // Sizes between a tenth and nineteen tenths of the mean.
    const size = Math.round(mean * (0.1 + (1.8 * ((index * 7919) % 1000)) / 999));
    const offset = (index * 4099) % (text.length - 16 * 1024);
    writeFileSync(join(directory, `module-${index}.js`), text.subarray(offset, offset + size));
  }
  return root;
}

function makeOneFile(root, total) {
  mkdirSync(root, { recursive: true });
  const text = sourceText(1024 * 1024);
  writeFileSync(join(root, 'bundle.js'), '');
  for (let written = 0; written < total; written += text.length) {
    writeFileSync(join(root, 'bundle.js'), text.subarray(0, Math.min(text.length, total - written)), { flag: 'a' });
    text.copyWithin(0, 4093);
  }
  return root;
}

function sourceText(size) {
  const words = [
    'const',
    'value',
    'return',
    'function',
    'export',
    'import',
    'module',
    'options',
    'resolve',
    'buffer',
    '=>',
    '{',
    '}',
    '(',
    ')',
    ';\n',
  ];
  let state = 1;
  const parts = [];
  for (let length = 0; length < size;) {
    state = (state * 1103515245 + 12345) % 2147483648;
    const word = state % 5 === 0 ? state.toString(36) : words[(state >> 8) % words.length];
    parts.push(word);
    length += word.length + 1;
  }
  return Buffer.from(parts.join(' ')).subarray(0, size);
}

function mb(bytes) {
  return (bytes / 1e6).toFixed(1);
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
