// Peak memory and time of packing a large app: `node scripts/bench/export-memory.mjs [--rounds 3] [--megabytes 200] [--files 50000]`.
// Two apps, many small files and one large file, are packed with the product's own code in a child process, whose VmHWM and
// output directory are watched, beside `tar c | pigz -1` of the same tree: interleaved, medians. Exits 1 when the peak passes the target.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies } from '../bootstrap.mjs';
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
    // More than the blob itself would be a copy, for example an uncompressed tar.
    isOver ||= most > size;
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
