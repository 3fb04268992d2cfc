import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readdirSync, realpathSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { codeDirectory } from '../../src/cli/code-cache.ts';
import { temporaryDirectory } from '../support/context.ts';

const uid = process.geteuid?.() ?? -1;

/** A cache below a directory that only this user can write to. */
function cacheOf(t: TestContext): string {
  const root = join(realpathSync(temporaryDirectory(t)), 'cache');
  mkdirSync(root, { mode: 0o755 });
  return root;
}

describe('the directory of compiled code', () => {
  it('is made for its user alone, below a cache that is there', (t) => {
    const root = cacheOf(t);
    const path = codeDirectory({ SLIPWAY_CACHE_DIR: root }, uid);
    assert.equal(path, join(root, 'code'));
    assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.equal(codeDirectory({ SLIPWAY_CACHE_DIR: root }, uid), path);
  });

  it('is none where there is no cache, and makes none', (t) => {
    const root = cacheOf(t);
    assert.equal(codeDirectory({ HOME: root }, uid), undefined);
    assert.equal(codeDirectory({}, uid), undefined);
    assert.deepEqual(readdirSync(root), []);
  });

  it('is none where others can write to the cache or to what it is in', (t) => {
    const root = cacheOf(t);
    const inner = join(root, 'inner');
    mkdirSync(inner);
    for (const open of [root, inner]) {
      chmodSync(open, 0o777);
      assert.equal(codeDirectory({ SLIPWAY_CACHE_DIR: inner }, uid), undefined, open);
      chmodSync(open, 0o755);
    }
    assert.deepEqual(readdirSync(inner), []);
  });

  it('is none where it is there and others may read or write it, or it is a link', (t) => {
    const root = cacheOf(t);
    const path = join(root, 'code');
    symlinkSync('..', path);
    assert.equal(codeDirectory({ SLIPWAY_CACHE_DIR: root }, uid), undefined);
    const other = cacheOf(t);
    mkdirSync(join(other, 'code'), { mode: 0o755 });
    assert.equal(codeDirectory({ SLIPWAY_CACHE_DIR: other }, uid), undefined);
  });

  it('is none where another user owns the cache', { skip: uid === 0 ? false : 'needs root' }, (t) => {
    const root = cacheOf(t);
    chownSync(root, 65_534, 65_534);
    assert.equal(codeDirectory({ SLIPWAY_CACHE_DIR: root }, uid), undefined);
  });
});
