import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDuration, parseSize } from '../../src/options/amounts.ts';

describe('amounts of options', () => {
  it('sizes have decimal and binary units', () => {
    const texts = ['0', '12', '5B', '1k', '1.5kB', '2MB', '3 GB', '1KiB', '1GiB', '1tb'];
    assert.deepEqual(
      texts.map((text) => parseSize(text, 'max-size')),
      [0, 12, 5, 1000, 1500, 2e6, 3e9, 1024, 2 ** 30, 1e12],
    );
  });

  it('durations have a unit, or several', () => {
    const texts = ['0s', '90s', '30m', '12h', '1d12h', '2w'];
    assert.deepEqual(
      texts.map((text) => parseDuration(text, 'older-than')),
      [0, 90_000, 1_800_000, 43_200_000, 129_600_000, 1_209_600_000],
    );
  });

  it('anything else is an error that names the flag', () => {
    for (const text of ['', '-1', 'x', '1 lightyear', '1e3', '1.2.3MB'])
      assert.throws(() => parseSize(text, 'max-size'), {
        code: 'ARGUMENT_INVALID',
        message: `--max-size "${text}" is not a size`,
      });
    for (const text of ['', '5', 'd', '1.5h', '1y', '-3d'])
      assert.throws(() => parseDuration(text, 'older-than'), { code: 'ARGUMENT_INVALID' });
  });
});
