import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_COMPRESSION, parseCompression } from '../../src/layer/compression.ts';

describe('parseCompression', () => {
  it('reads gzip with and without a level, and none', () => {
    assert.deepEqual(parseCompression('gzip'), DEFAULT_COMPRESSION);
    assert.deepEqual(parseCompression('gzip:6'), { codec: 'gzip', level: 6 });
    assert.deepEqual(parseCompression('none'), { codec: 'none' });
  });

  it('refuses anything else, and says that zstd is not there yet', () => {
    for (const text of ['', 'gzip:0', 'gzip:10', 'gzip:', 'GZIP', 'none:1', 'brotli']) {
      assert.throws(() => parseCompression(text), { code: 'ARGUMENT_INVALID' }, text);
    }
    assert.throws(() => parseCompression('zstd:3'), { code: 'NOT_SUPPORTED' });
  });
});
