import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openEncoderPool } from '../../../src/layer/deflate/encoder-pool.ts';
import { encodeHere, type EncoderJob } from '../../../src/layer/deflate/encoder.ts';
import { compressibleBytes } from '../../support/compressible.ts';

const MIB = 1024 * 1024;

/** Five blocks in shared memory, as slabs are. */
function jobs(): readonly EncoderJob[] {
  const bytes = Buffer.from(new SharedArrayBuffer(5 * MIB));
  compressibleBytes(bytes.length, 4).copy(bytes);
  return [0, 1, 2, 3, 4].map((block) => ({
    data: bytes.subarray(block * MIB, (block + 1) * MIB),
    dictionary: bytes.subarray(Math.max(0, block * MIB - 32 * 1024), block * MIB),
    isLast: block === 4,
  }));
}

describe('the pool of encoders', () => {
  it('gives the bytes of this thread with 1, 2, 4 and 8 threads, in the order of the jobs', async () => {
    const expected = jobs().map((job) => encodeHere(job));
    for (const threads of [1, 2, 4, 8]) {
      const pool = openEncoderPool(threads);
      const results = await Promise.all(jobs().map((job) => pool.encode(job)));
      await pool.close();
      assert.deepEqual(results, expected);
    }
  });

  it('takes bytes that are not shared, and works again after it was closed', async () => {
    const pool = openEncoderPool(1);
    const job: EncoderJob = { data: compressibleBytes(1000, 1), dictionary: Buffer.alloc(0), isLast: true };
    const expected = encodeHere(job);
    assert.deepEqual(await pool.encode(job), expected);
    await pool.close();
    assert.deepEqual(await pool.encode(job), expected);
    await pool.close();
  });

  it('names what happened when a thread ends before its job', async () => {
    const pool = openEncoderPool(1);
    const work = Promise.allSettled(jobs().map((job) => pool.encode(job)));
    await pool.close();
    const [first] = await work;
    assert.equal(first?.status, 'rejected');
    assert.match(String(first.reason), /a compression thread ended early/);
    assert.equal(Reflect.get(Object(first.reason), 'code'), 'INTERNAL');
    await pool.close();
  });
});
