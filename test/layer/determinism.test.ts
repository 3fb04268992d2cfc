import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { build } from 'esbuild';
import { temporaryDirectory } from '../support/context.ts';

/** Packs 9 MiB with 1, 2 and 9 blocks in flight and prints the digests. */
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
  for (const blocks of [1, 2, 9]) {
    const slabs = new SlabPool(blocks);
    const part = openBlobPart({ write: () => undefined }, { codec: 'gzip', level: 1 }, slabs);
    const writer = openBlobWriter([part], slabs);
    await writeTar(source, writer, ctx);
    await writer.close();
    console.log(part.result(writer.result()).digest);
  }
`;

describe('a blob digest', () => {
  it('does not depend on the size of the thread pool nor on blocks in flight', async (t) => {
    const program = join(temporaryDirectory(t), 'pack.mjs');
    await build({
      stdin: { contents: PROGRAM, resolveDir: process.cwd(), loader: 'js' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: program,
    });
    const digests = ['1', '2', '4', '8'].flatMap((size) => {
      const result = spawnSync(process.execPath, [program], { env: { ...process.env, UV_THREADPOOL_SIZE: size } });
      assert.equal(String(result.stderr), '');
      return String(result.stdout).trim().split('\n');
    });
    assert.equal(digests.length, 12);
    assert.deepEqual([...new Set(digests)], [digests[0]]);
  });
});
