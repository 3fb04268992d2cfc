import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkBuildDockerfile, checkRunDockerfile } from '../../src/cnb/extension-dockerfile.ts';

const HEAD = 'ARG base_image\nFROM ${base_image}\n';

describe('build.Dockerfile of an extension', () => {
  it('extends what it is given', () => {
    const expected = { extends: true, warnings: [] };
    assert.deepEqual(checkBuildDockerfile(`${HEAD}RUN true`), expected);
    assert.deepEqual(checkBuildDockerfile('arg base_image=x\nfrom --platform=linux/arm64 $base_image as it'), expected);
  });

  const PREAMBLE = /build\.Dockerfile did not start with required ARG command$/;
  const WRONG: readonly (readonly [string, string, RegExp])[] = [
    ['several stages', `${HEAD}RUN a\nFROM b\n`, /build\.Dockerfile is not permitted to use multistage build$/],
    ['no ARG', 'FROM ${base_image}', PREAMBLE],
    ['another ARG', 'ARG other\nFROM ${base_image}', PREAMBLE],
    ['two ARGs', 'ARG base_image\nARG other\nFROM ${base_image}', PREAMBLE],
    ['two names in one ARG', 'ARG base_image other\nFROM ${base_image}', PREAMBLE],
    ['no FROM', 'ARG base_image', /build\.Dockerfile should have at least one stage$/],
    ['another base', 'ARG base_image\nFROM alpine', /did not contain required FROM \$\{base_image\} command$/],
    ['an instruction before FROM', 'ARG base_image\nRUN a\nFROM ${base_image}', /line 2: RUN stands before any FROM$/],
    ['a FROM of two words', 'ARG base_image\nFROM ${base_image} x', /FROM requires either one or three arguments$/],
  ];
  for (const [what, text, message] of WRONG) {
    it(`is refused with ${what} (D-71)`, () => {
      assert.throws(() => checkBuildDockerfile(text), { code: 'FILE_INVALID', message });
    });
  }

  it('warns of each instruction that is not recommended, by its line (D-71)', () => {
    const { warnings } = checkBuildDockerfile(`${HEAD}RUN a \\\n  b\nCMD x\nexpose 80\n`);
    assert.deepEqual(warnings, [
      'build.Dockerfile command CMD on line 5 is not recommended',
      'build.Dockerfile command EXPOSE on line 6 is not recommended',
    ]);
  });
});

describe('run.Dockerfile of an extension', () => {
  const READ: readonly (readonly [string, string, object])[] = [
    ['only a base', 'FROM other:1', { newBase: 'other:1', extends: false }],
    ['the base and more', `${HEAD}ENV A=1`, { extends: true }],
    ['only the base', HEAD, { extends: false }],
    ['another base and more', 'FROM "other"\nUSER 1', { newBase: 'other', extends: true }],
    ['a base from a default', 'ARG V=3.20\nFROM a/b:${V}', { newBase: 'a/b:3.20', extends: false }],
    ['a base with a fallback', 'FROM a/b:${V:-1}', { newBase: 'a/b:1', extends: false }],
  ];
  for (const [what, text, expected] of READ) {
    it(`with ${what}`, () => {
      assert.deepEqual(checkRunDockerfile(text), { ...expected, warnings: [] });
    });
  }

  const WRONG: readonly (readonly [string, string, RegExp])[] = [
    ['several stages', 'FROM a\nFROM b', /run\.Dockerfile is not permitted to use multistage build$/],
    ['no FROM', 'ARG base_image', /run\.Dockerfile should have at least one stage$/],
    ['a base without value', 'ARG V\nFROM a:$V', /line 2: FROM names \$V, to which no ARG before it gives a value$/],
  ];
  for (const [what, text, message] of WRONG) {
    it(`is refused with ${what} (D-71)`, () => {
      assert.throws(() => checkRunDockerfile(text), { code: 'FILE_INVALID', message });
    });
  }
});
