import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addRootDirs, applyEnvFiles, applyPlatformEnv, type EnvFile } from '../../src/cnb/env.ts';
import {
  ENV_NAMES,
  envFiles,
  environments,
  envValues,
  modelEnvDirectory,
  modelPlatformEnv,
  modelRootDirs,
  type ModelFiles,
} from '../support/env-model.ts';

const NAMES = [...ENV_NAMES, '', 'A=B', 'a'];
const plain = fc.constantFrom('override', 'default');

describe('environment rules against a model that takes one variable at a time', () => {
  it('files of a directory, in whatever order they are listed', () => {
    fc.assert(
      fc.property(environments(), shuffled(envFiles(NAMES)), plain, (env, [files, listed], unsuffixed) => {
        assert.deepEqual(applyEnvFiles(env, listed, unsuffixed), modelEnvDirectory(env, files, unsuffixed));
      }),
      { numRuns: 4000 },
    );
  });

  it('files of the platform, whose whole name is the variable', () => {
    const files = fc.dictionary(fc.constantFrom(...NAMES, 'A.append', 'PATH.delim'), envValues(), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(environments(), shuffled(files), (env, [given, listed]) => {
        assert.deepEqual(applyPlatformEnv(env, listed), modelPlatformEnv(env, given));
      }),
      { numRuns: 1000 },
    );
  });

  it('root directories of a layer, for build and for launch', () => {
    const directories = fc.subarray(['bin', 'lib', 'include', 'pkgconfig', 'env', 'etc']);
    fc.assert(
      fc.property(environments(), directories, fc.constantFrom('build', 'launch'), (env, present, phase) => {
        const layer = { path: '/layers/a_b/l', directories: present };
        assert.deepEqual(addRootDirs(env, layer.path, new Set(present), phase), modelRootDirs(env, layer, phase));
      }),
      { numRuns: 500 },
    );
  });
});

function shuffled(files: fc.Arbitrary<ModelFiles>): fc.Arbitrary<readonly [ModelFiles, readonly EnvFile[]]> {
  return files.chain((given) => {
    const all = Object.entries(given).map(([name, value]) => ({ name, value }));
    return fc.shuffledSubarray(all, { minLength: all.length }).map((listed) => [given, listed] as const);
  });
}
