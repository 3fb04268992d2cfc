import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { build } from 'esbuild';
import { temporaryDirectory } from '../support/context.ts';

/** Packs 9 MiB at two levels with 1 and 9 blocks in flight and prints the digests. */
const PROGRAM = `
  import { openBlobPart } from './src/layer/blob-part.ts';
  import { openBlobWriter } from './src/layer/blob-writer.ts';
  import { SlabPool } from './src/layer/slab.ts';
  import { writeTar } from './src/layer/tar-writer.ts';
  import { systemClock } from './src/core/clock.ts';
  const bytes = Buffer.alloc(9 * 1024 * 1024 + 77);
  let state = 1;
  for (let at = 0; at < bytes.length; at += 1) {
    state = (state * 1103515245 + 12345) % 2147483648;
    bytes[at] = 97 + (state >> 16) % (1 + (at >> 18) % 26);
  }
  const source = { kind: 'entries', entries: [{ kind: 'file', path: '/f', mode: 0o644, uid: 0, gid: 0, bytes }] };
  const ctx = { signal: new AbortController().signal, clock: systemClock, emit: () => undefined };
  for (const [level, blocks] of [[1, 1], [1, 9], [6, 1], [6, 9]]) {
    const slabs = new SlabPool(blocks);
    const part = openBlobPart({ write: () => undefined }, { codec: 'gzip', level }, slabs);
    const writer = openBlobWriter([part], slabs);
    await writeTar(source, writer, ctx);
    await writer.close();
    console.log(part.result(writer.result()).digest);
  }
`;

describe('a blob digest', () => {
  it('does not depend on the size of the thread pool, nor on blocks in flight, nor on whether there may be threads', async (t) => {
    const program = join(temporaryDirectory(t), 'pack.mjs');
    await build({
      stdin: { contents: PROGRAM, resolveDir: process.cwd(), loader: 'js' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: program,
    });
    const major = Number(process.versions.node.split('.')[0]);
    const permission = [
      major < 24 ? '--experimental-permission' : '--permission',
      '--allow-fs-read=*',
      '--no-warnings',
    ];
    const digests = [
      { size: '1', flags: [] },
      { size: '2', flags: permission },
      { size: '8', flags: [] },
    ].map(({ size, flags }) => {
      const env = { ...process.env, UV_THREADPOOL_SIZE: size };
      const result = spawnSync(process.execPath, [...flags, program], { env });
      assert.equal(String(result.stderr), '');
      return String(result.stdout).trim().split('\n');
    });
    const [[one, , six] = []] = digests;
    assert.notEqual(one, six);
    assert.deepEqual(digests, Array(3).fill([one, one, six, six]));
  });
});
