import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatDuration, formatSize, shortDigest } from '../../src/term/amounts.ts';
import { alignColumns, clip, stripEscapes } from '../../src/term/columns.ts';
import { cleanLine } from '../../src/term/output-line.ts';
import { chooseProgress, wantsColor, wantsUnicode } from '../../src/term/terminal.ts';

describe('amounts', () => {
  it('sizes are in powers of 1000', () => {
    const sizes = [0, 999, 1000, 24_149, 112_000, 999_949, 999_950, 41_200_000, 1e9, 5.5e12];
    assert.deepEqual(sizes.map(formatSize), [
      '0 B',
      '999 B',
      '1.0 kB',
      '24.1 kB',
      '112.0 kB',
      '999.9 kB',
      '1.0 MB',
      '41.2 MB',
      '1.0 GB',
      '5.5 TB',
    ]);
  });

  it('durations read as a person says them', () => {
    const times = [0, 44, 400, 59_949, 59_950, 72_000, 3_599_400, 3_600_000, 7_380_000];
    assert.deepEqual(times.map(formatDuration), [
      '0.0 s',
      '0.0 s',
      '0.4 s',
      '59.9 s',
      '1 m 00 s',
      '1 m 12 s',
      '59 m 59 s',
      '1 h 00 m',
      '2 h 03 m',
    ]);
  });

  it('digests are cut to twelve characters, other texts are not', () => {
    assert.equal(shortDigest(`sha256:${'ab'.repeat(32)}`), 'sha256:abababababab');
    assert.equal(shortDigest('latest'), 'latest');
  });
});

describe('columns', () => {
  it('are aligned by what is seen, without spaces at the end', () => {
    const rows = [['layer', 'size', 'status'], ['\u001b[31mred\u001b[0m', '1.0 kB', ''], ['app']];
    assert.deepEqual(alignColumns(rows, [{}, { align: 'right' }]).map(stripEscapes), [
      'layer    size  status',
      'red    1.0 kB',
      'app',
    ]);
    assert.equal(clip('abcdefgh', 6), 'abc...');
  });
});

describe('lines of buildpacks', () => {
  it('keep what a progress bar drew last, and their colours only where colours are on', () => {
    assert.equal(cleanLine('10%\r50%\r100%', { color: false }), '100%');
    assert.equal(cleanLine('done\r', { color: false }), 'done');
    assert.equal(cleanLine('\u001b[32mok\u001b[0m', { color: false }), 'ok');
    assert.equal(cleanLine('\u001b[32mok', { color: true }), '\u001b[32mok\u001b[0m');
  });

  it('never move the cursor or set a title', () => {
    for (const color of [true, false]) {
      assert.equal(cleanLine('a\u001b[2Kb\u001b[1Ac', { color }), 'abc');
      assert.equal(cleanLine('\u001b]0;title\u0007x\u0008y\u001bc', { color }), 'xy');
    }
  });
});

describe('what a terminal can show', () => {
  it('NO_COLOR and CNB_NO_COLOR win over FORCE_COLOR, which wins over the terminal', () => {
    assert.equal(wantsColor({ env: {}, isTTY: true, noColor: false }), true);
    assert.equal(wantsColor({ env: {}, isTTY: false, noColor: false }), false);
    assert.equal(wantsColor({ env: { FORCE_COLOR: '1' }, isTTY: false, noColor: false }), true);
    assert.equal(wantsColor({ env: { FORCE_COLOR: '0' }, isTTY: true, noColor: false }), false);
    assert.equal(wantsColor({ env: { FORCE_COLOR: '1', NO_COLOR: '1' }, isTTY: true, noColor: false }), false);
    assert.equal(wantsColor({ env: { FORCE_COLOR: '1', CNB_NO_COLOR: 'true' }, isTTY: true, noColor: false }), false);
    assert.equal(wantsColor({ env: { TERM: 'dumb' }, isTTY: true, noColor: false }), false);
    assert.equal(wantsColor({ env: {}, isTTY: true, noColor: true }), false);
  });

  it('ASCII when the locale is not UTF-8', () => {
    assert.equal(wantsUnicode({ LANG: 'de_DE.UTF-8' }), true);
    assert.equal(wantsUnicode({ LC_ALL: 'C', LANG: 'de_DE.UTF-8' }), false);
    assert.equal(wantsUnicode({}), false);
    assert.equal(wantsUnicode({ CI: 'true' }), true);
  });

  it('redraws only on a terminal outside CI', () => {
    assert.equal(chooseProgress({ env: {}, isTTY: true, noColor: false }), 'tty');
    assert.equal(chooseProgress({ env: { CI: '1' }, isTTY: true, noColor: false }), 'plain');
    assert.equal(chooseProgress({ env: {}, isTTY: false, noColor: false }), 'plain');
  });
});
