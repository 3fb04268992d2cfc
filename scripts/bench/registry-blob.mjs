// Peak memory and time of one large blob to and from `slipway registry serve`, which is another process:
// `node scripts/bench/registry-blob.mjs [--megabytes 1000] [--small 100]`. Exits 1 when the large blob takes more than 32 MB more memory
// than the small one, in the client or in the server.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies, ROOT } from '../bootstrap.mjs';
import { build } from '../build.mjs';
import { compileBench } from './compile.mjs';
import { measure } from './measure.mjs';

/** Collections of garbage do not come at the same moment twice. */
const MOST_MORE_MB = 32;

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '1000' }, small: { type: 'string', default: '100' } },
});

await ensureDependencies();
await build();
const program = await compileBench('transfer-blob');
const peaks = { up: [], down: [], server: [] };
for (const megabytes of [values.small, values.megabytes]) {
  const work = mkdtempSync(join(tmpdir(), 'slipway-bench-'));
  const server = await startServer(work);
  try {
    for (const direction of ['up', 'down']) {
      const run = await measure(process.execPath, [program, direction, server.name, megabytes]);
      const { seconds } = JSON.parse(run.stdout);
      peaks[direction].push(run.peakMb);
      console.log(
        `${megabytes} MB ${direction}: peak ${run.peakMb.toFixed(0)} MB, ${seconds.toFixed(2)} s, ${(Number(megabytes) / seconds).toFixed(0)} MB/s`,
      );
    }
    const serverPeak = server.peakMb();
    peaks.server.push(serverPeak);
    console.log(`  the server's peak: ${serverPeak.toFixed(0)} MB`);
  } finally {
    server.child.kill();
    rmSync(work, { recursive: true, force: true });
  }
}
const over = Object.entries(peaks).filter(([, [small, large]]) => large - small > MOST_MORE_MB);
for (const [name, [small, large]] of over)
  console.log(`${name}: ${large.toFixed(0)} MB are more than ${small.toFixed(0)} + ${String(MOST_MORE_MB)} MB`);
if (over.length > 0) process.exitCode = 1;

async function startServer(directory) {
  const args = [join(ROOT, 'dist', 'bin', 'slipway.js'), 'registry', 'serve', join(directory, 'images')];
  const child = spawn(process.execPath, [...args, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] });
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
  const status = `/proc/${String(child.pid)}/status`;
  return {
    child,
    name,
    peakMb: () => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(status, 'utf8'))?.[1] ?? 0) / 1024,
  };
}
