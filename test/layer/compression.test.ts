import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_COMPRESSION, formatCompression, parseCompression } from '../../src/layer/compression.ts';
import { hasZstd } from '../../src/layer/zstd-frames.ts';

describe('parseCompression', () => {
  it('reads gzip with and without a level, and none', () => {
    assert.deepEqual(parseCompression('gzip'), DEFAULT_COMPRESSION);
    assert.deepEqual(parseCompression('gzip:6'), { codec: 'gzip', level: 6 });
    assert.deepEqual(parseCompression('none'), { codec: 'none' });
  });

  it('reads zstd with and without a level where this Node can write it, and names the Node that can where not', () => {
    if (hasZstd()) {
      assert.deepEqual(parseCompression('zstd'), { codec: 'zstd', level: 3 });
      assert.deepEqual(parseCompression('zstd:19'), { codec: 'zstd', level: 19 });
      return;
    }
    for (const text of ['zstd', 'zstd:19']) {
      assert.throws(() => parseCompression(text), {
        code: 'NOT_SUPPORTED',
        exit: 3,
        message: `compression "${text}" needs Node 22.15 or newer; this is ${process.version}`,
        hint: { kind: 'text', text: 'use gzip, gzip:1 to gzip:9, or none' },
      });
    }
  });

  it('refuses anything else', () => {
    for (const text of [
      '',
      'gzip:0',
      'gzip:10',
      'gzip:',
      'GZIP',
      'none:1',
      'zstd:0',
      'zstd:20',
      'zstd:03',
      'zstd:',
      'brotli',
    ]) {
      assert.throws(() => parseCompression(text), { code: 'ARGUMENT_INVALID', exit: 3 }, text);
    }
  });

  it('is the inverse of formatCompression', () => {
    for (const compression of [DEFAULT_COMPRESSION, { codec: 'gzip', level: 9 }, { codec: 'none' }] as const)
      assert.deepEqual(parseCompression(formatCompression(compression)), compression);
  });
});
