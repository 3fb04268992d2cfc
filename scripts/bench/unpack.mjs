// Unpacking a layer of about 200 MB to tmpfs, verified, against `tar xzf` of the same file (performance.md, B10): pairs, one after the
// other, median of the ratios. `node scripts/bench/unpack.mjs [PAIRS]`. The layer is made of this machine's files. Needs GNU tar and /dev/shm.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { compileBench } from './compile.mjs';

const PAIRS = Number(process.argv[2] ?? 5);
const TARGET = 0.9;
const WANTED_BYTES = 200e6;
const base = mkdtempSync('/dev/shm/slipway-bench-');

try {
  const file = join(base, 'layer.tar.gz');
  const script = `cd / && find usr/share usr/lib -xdev -type f -size -20000k -print0 2>/dev/null | sort -z | \
    xargs -0 stat --printf '%s %n\\0' | awk 'BEGIN{RS="\\0";ORS="\\0"}{n+=$1;if(n>${WANTED_BYTES})exit;sub(/^[0-9]+ /,"");print}' > ${base}/names; \
    tar -c --null -T ${base}/names -C / | gzip -6 > ${file}`;
  run('bash', ['-c', script]);
  const bytes = readFileSync(file);
  const tar = gunzipSync(bytes);
  const digestOf = (data) => `sha256:${createHash('sha256').update(data).digest('hex')}`;
  const program = await compileBench('unpack-layer');
  const [digest, diffId] = [digestOf(bytes), digestOf(tar)];
  console.log(
    `${(tar.length / 1e6).toFixed(0)} MB of tar, ${(bytes.length / 1e6).toFixed(0)} MB of gzip; load ${loadavg()[0].toFixed(1)}`,
  );
  const ratios = { wall: [], cpu: [] };
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const out = join(base, 'out');
    const theirs = timed(`mkdir ${out} && tar xzf ${file} -C ${out}`);
    rmSync(out, { recursive: true });
    const ours = timed(`${process.execPath} ${program} ${file} ${digest} ${diffId} ${out}`);
    rmSync(out, { recursive: true });
    ratios.wall.push(ours.wall / theirs.wall);
    ratios.cpu.push(ours.cpu / theirs.cpu);
    console.log(`tar ${show(theirs)}   slipway ${show(ours)}`);
  }
  const [wall, cpu] = [median(ratios.wall), median(ratios.cpu)];
  console.log(
    `median of ${String(PAIRS)}: wall ${wall.toFixed(2)}, cpu ${cpu.toFixed(2)} of tar xzf; target: wall ${String(TARGET)}, ${wall <= TARGET ? 'met' : 'not met'}`,
  );
} finally {
  rmSync(base, { recursive: true, force: true });
}

/** Wall, and user and system time of all processes of a command. */
function timed(command) {
  const { stderr } = run('bash', ['-c', `TIMEFORMAT='%R %U %S'; time { ${command}; }`]);
  const [wall, user, system] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return { wall, cpu: user + system };
}

function run(command, args) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (result.status !== 0) throw new Error(`${command} ended with ${String(result.status)}: ${result.stderr}`);
  return result;
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function show({ wall, cpu }) {
  return `${wall.toFixed(2)} s wall ${cpu.toFixed(2)} s cpu`;
}
