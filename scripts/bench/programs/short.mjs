// CPU seconds of our own work beside what it cannot do without, in one process, in turns: `short.mjs APP SCRATCH PAIRS`; prints the pairs as
// JSON: `{pack: [{ours, limit}…], unpack: […]}`. Compiled by compile.mjs.
// - pack: a layer from a directory to a blob; the limit is sha256, deflate level 1 by node:zlib, and sha256 of the same bytes in memory.
// - unpack: that blob into a directory, checked; the limit is sha256, inflate and sha256 of it in memory.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, gunzipSync } from 'node:zlib';
import { systemClock } from '../../../src/core/clock.ts';
import { createLimiter } from '../../../src/core/limiter.ts';
import { DEFAULT_COMPRESSION } from '../../../src/layer/compression.ts';
import { packLayer } from '../../../src/layer/pack.ts';
import { unpackLayers } from '../../../src/rootfs/unpack.ts';
import { fileStaging } from '../../../test/support/staging.ts';

const BLOCK = 2 ** 20;

const [app, scratch, pairs] = process.argv.slice(2);
const ctx = {
  signal: new AbortController().signal,
  clock: systemClock,
  emit: () => undefined,
  tmp: scratch,
  limiter: createLimiter(4),
  product: { version: '', commit: '', repository: '' },
};
const owner = { uid: process.getuid(), gid: process.getgid() };
const place = { logical: '/app', real: app, owner, parents: [] };

const layer = await pack();
const blob = readFileSync(join(scratch, 'blobs', layer.descriptor.digest.slice(7)));
const tar = gunzipSync(blob);
const found = { pack: [], unpack: [] };
// The first turn is for the compiler.
for (let turn = 0; turn <= Number(pairs); turn += 1) {
  const one = { ours: await cpu(pack), limit: await cpu(() => leastPack(tar)) };
  rmSync(join(scratch, 'root'), { recursive: true, force: true });
  mkdirSync(join(scratch, 'root'));
  const other = { ours: await cpu(unpack), limit: await cpu(() => leastUnpack(blob)) };
  if (turn === 0) continue;
  found.pack.push(one);
  found.unpack.push(other);
}
console.log(JSON.stringify(found));

async function pack() {
  const out = join(scratch, 'blobs');
  mkdirSync(out, { recursive: true });
  const options = { compressions: [DEFAULT_COMPRESSION], family: 'oci' };
  const { layers } = await packLayer({ kind: 'dir', place, path: '/app' }, fileStaging(out), ctx, options);
  return layers[0];
}

function unpack() {
  return unpackLayers([layer], join(scratch, 'root'), ctx);
}

function leastPack(bytes) {
  const [before, after] = [createHash('sha256'), createHash('sha256')];
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    before.update(block);
    after.update(deflateRawSync(block, { level: 1, chunkSize: BLOCK + 2 ** 14 }));
  }
  return [before.digest(), after.digest()];
}

function leastUnpack(bytes) {
  const whole = gunzipSync(bytes, { chunkSize: 2 ** 18 });
  return [createHash('sha256').update(bytes).digest(), createHash('sha256').update(whole).digest()];
}

/** User and system seconds of all threads of this process meanwhile. */
async function cpu(task) {
  const before = process.cpuUsage();
  await task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
