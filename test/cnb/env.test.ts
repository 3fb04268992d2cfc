import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addRootDirs, applyEnvFiles, applyPlatformEnv, type EnvFile } from '../../src/cnb/env.ts';

const files = (values: Readonly<Record<string, string>>): readonly EnvFile[] =>
  Object.entries(values).map(([name, value]) => ({ name, value }));

describe('environment files', () => {
  it('applies the recorded example of every suffix in one directory (B-16)', () => {
    const env = applyEnvFiles(
      {},
      files({ 'V.prepend': 'p', 'V.override': 'o', V: 'plain', 'V.append': 'a', 'V.default': 'd', 'V.delim': ',' }),
      'override',
    );
    assert.deepEqual(env, { V: 'p,o' });
  });

  it('applies env before env.build', () => {
    const env = applyEnvFiles({}, files({ 'W.append': '1', 'W.prepend': '2', 'E.': 'e', 'Q.b.c': 'x' }), 'override');
    assert.deepEqual(applyEnvFiles(env, files({ 'W.append': 'bb' }), 'override'), { W: '21bb', E: 'e' });
  });

  for (const [what, before, given, unsuffixed, after] of [
    ['no suffix overrides in layers', 'x', { A: 'y' }, 'override', 'y'],
    ['no suffix is a default in build-config', 'x', { A: 'y' }, 'default', 'x'],
    ['a default fills an empty value', '', { A: 'y' }, 'default', 'y'],
    ['append without delimiter', 'x', { 'A.append': 'y' }, 'override', 'xy'],
    ['append with delimiter', 'x', { 'A.append': 'y', 'A.delim': ':' }, 'override', 'x:y'],
    ['prepend to nothing has no delimiter', '', { 'A.prepend': 'y', 'A.delim': ':' }, 'override', 'y'],
    ['an empty suffix prepends with a colon', 'x', { 'A.': 'y' }, 'override', 'y:x'],
    ['values keep their newlines', 'x', { 'A.override': 'y\n' }, 'override', 'y\n'],
  ] as const) {
    it(what, () => assert.equal(applyEnvFiles({ A: before }, files(given), unsuffixed)['A'], after));
  }

  it('ignores names that an environment cannot hold', () => {
    assert.deepEqual(applyEnvFiles({}, files({ '.append': 'x', 'A=B': 'x' }), 'override'), {});
  });

  it('prepends path variables of the platform and sets the others', () => {
    const env = applyPlatformEnv({ PATH: '/bin', A: '1' }, files({ PATH: '/x', A: '2', CPATH: '/i', 'B.append': '3' }));
    assert.deepEqual(env, { PATH: '/x:/bin', A: '2', CPATH: '/i', 'B.append': '3' });
  });

  it('prepends root directories of a layer by phase', () => {
    const all = new Set(['bin', 'lib', 'include', 'pkgconfig', 'env']);
    assert.deepEqual(addRootDirs({ PATH: '/bin' }, '/l', all, 'build'), {
      PATH: '/l/bin:/bin',
      LD_LIBRARY_PATH: '/l/lib',
      LIBRARY_PATH: '/l/lib',
      CPATH: '/l/include',
      PKG_CONFIG_PATH: '/l/pkgconfig',
    });
    assert.deepEqual(addRootDirs({ PATH: '/bin' }, '/l', all, 'launch'), {
      PATH: '/l/bin:/bin',
      LD_LIBRARY_PATH: '/l/lib',
    });
  });
});
