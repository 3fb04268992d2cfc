// The same images from a layout to Debian's docker-registry, by `skopeo copy` and by `slipway image copy`, in turns: medians and their ratio.
// Every copy goes to an empty registry of its own: skopeo notes which registry has which blob, and would mount instead of send from its
// second copy on.
// `node scripts/bench/registry-copy.mjs [--pairs N] [--only small|big]`; needs skopeo, docker-registry, bash and a built dist/.
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ROOT } from '../bootstrap.mjs';

/** What is copied, and the most of skopeo's time that we may take. */
const IMAGES = [
  { name: 'small', title: '60 layers of 200 kB', layers: 60, bytes: 200_000, target: 0.8 },
  { name: 'big', title: '3 layers of 200 MB', layers: 3, bytes: 200_000_000, target: 1 },
];
const MEDIA = 'application/vnd.oci.image';

const pairs = Number(option('--pairs') ?? 5);
const only = option('--only');
const missing = ['skopeo', 'docker-registry', 'bash'].filter((name) => spawnSync('which', [name]).status !== 0);
if (missing.length > 0) console.log(`registry-copy: skipped, there is no ${missing.join(' and no ')}`);
else await run();

async function run() {
  const directory = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  try {
    for (const image of IMAGES) if (only === undefined || only === image.name) await compare(image, directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function compare({ name, title, layers, bytes, target }, directory) {
  const layout = join(directory, name);
  writeLayout(layout, layers, bytes);
  const times = { skopeo: [], slipway: [] };
  const copy = async (who) => {
    const registry = await startRegistry(join(directory, 'registry'));
    const to = `${registry.name}/bench/${name}:v1`;
    const command =
      who === 'skopeo'
        ? ['skopeo', 'copy', '-q', '--dest-tls-verify=false', `oci:${layout}:v1`, `docker://${to}`]
        : [process.execPath, join(ROOT, 'dist/bin/slipway.js'), 'image', 'copy', '--quiet', `oci:${layout}:v1`, to];
    try {
      times[who].push(timed(command));
    } finally {
      await registry.stop();
    }
  };
  for (let turn = 0; turn < pairs; turn += 1)
    for (const who of turn % 2 === 0 ? ['skopeo', 'slipway'] : ['slipway', 'skopeo']) await copy(who);
  rmSync(layout, { recursive: true });
  const row = (who) => `${median(times[who], 'wall').toFixed(2)} s (CPU ${median(times[who], 'cpu').toFixed(2)} s)`;
  const ratio = (what) => (median(times.slipway, what) / median(times.skopeo, what)).toFixed(2);
  console.log(`registry-copy: ${title}, ${String(pairs)} pairs, load ${loadavg()[0].toFixed(1)}`);
  console.log(`  skopeo ${row('skopeo')}, slipway ${row('slipway')}`);
  const verdict = Number(ratio('wall')) <= target ? 'met' : 'not met';
  console.log(`  ratio ${ratio('wall')} (limit ${target.toFixed(1)}: ${verdict}), of CPU ${ratio('cpu')}`);
}

/** Wall time, and user + system time of the program and what it waited for. */
function timed(command) {
  const result = spawnSync('bash', ['-c', 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null', 'bash', ...command], {
    encoding: 'utf8',
  });
  const lines = result.stderr.trim().split('\n');
  if (result.status !== 0) throw new Error(`${command.join(' ')}: ${result.stderr}`);
  const [wall, user, system] = lines.at(-1).split(' ').map(Number);
  return { wall, cpu: user + system };
}

function median(times, what) {
  const sorted = times.map((time) => time[what]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** An image of layers that do not compress, each a tar of one file. */
function writeLayout(directory, count, bytes) {
  const blobs = join(directory, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType, content) => {
    const hex = createHash('sha256').update(content).digest('hex');
    writeFileSync(join(blobs, hex), content);
    return { mediaType: `${MEDIA}.${mediaType}`, digest: `sha256:${hex}`, size: content.byteLength };
  };
  const layers = Array.from({ length: count }, () => {
    const tar = tarOf(bytes);
    const diffId = `sha256:${createHash('sha256').update(tar).digest('hex')}`;
    return { diffId, descriptor: put('layer.v1.tar+gzip', gzipSync(tar, { level: 1 })) };
  });
  const json = (value) => Buffer.from(JSON.stringify(value));
  const rootfs = { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) };
  const config = put('config.v1+json', json({ architecture: 'amd64', os: 'linux', config: {}, rootfs }));
  const manifest = put(
    'manifest.v1+json',
    json({
      schemaVersion: 2,
      mediaType: `${MEDIA}.manifest.v1+json`,
      config,
      layers: layers.map(({ descriptor }) => descriptor),
    }),
  );
  const entry = { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'v1' } };
  writeFileSync(join(directory, 'index.json'), json({ schemaVersion: 2, manifests: [entry] }));
  writeFileSync(join(directory, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
}

function tarOf(size) {
  const header = Buffer.alloc(512);
  const field = (text, at) => header.write(text, at, 'latin1');
  field('file', 0);
  field('0000644\0', 100);
  field('0000000\0', 108);
  field('0000000\0', 116);
  field(`${size.toString(8).padStart(11, '0')}\0`, 124);
  field('00000000000\0', 136);
  field('        0', 148);
  field('ustar\x0000', 257);
  field(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return Buffer.concat([header, randomFillSync(Buffer.alloc(size)), Buffer.alloc(1024 + ((512 - (size % 512)) % 512))]);
}

async function startRegistry(directory) {
  const port = await freePort();
  mkdirSync(directory);
  const config = join(directory, 'registry.yml');
  writeFileSync(
    config,
    [
      'version: 0.1',
      'log: {level: error}',
      `storage: {filesystem: {rootdirectory: ${join(directory, 'blobs')}}}`,
      `http: {addr: "127.0.0.1:${String(port)}", secret: bench}`,
      '',
    ].join('\n'),
  );
  const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  const ended = new Promise((done) => child.on('exit', done));
  const stop = async () => {
    child.kill();
    await ended;
    rmSync(directory, { recursive: true });
  };
  const name = `127.0.0.1:${String(port)}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error('docker-registry does not start');
    try {
      await (await fetch(`http://${name}/v2/`)).arrayBuffer();
      return { name, stop };
    } catch {
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

function option(name) {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}
