import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseGlob } from '../../src/layer/glob.ts';

/** Pattern, path, and what Go's filepath.Match says; undefined where it says the pattern is bad. */
const CASES: readonly (readonly [string, string, boolean | undefined])[] = [
  ['abc', 'abc', true],
  ['*', 'abc', true],
  ['*c', 'abc', true],
  ['a*', 'a', true],
  ['a*', 'ab/c', false],
  ['a*/b', 'abc/b', true],
  ['a*/b', 'a/c/b', false],
  ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
  ['a*b*c*d*e*/f', 'axbxcxdxexxx/f', true],
  ['a*b*c*d*e*/f', 'axbxcxdxe/xxx/f', false],
  ['a*b?c*x', 'abxbbxdbxebxczzx', true],
  ['a*b?c*x', 'abxbbxdbxebxczzy', false],
  ['ab[c]', 'abc', true],
  ['ab[b-d]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^c]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'ab', false],
  ['a?b', 'a☺b', true],
  ['a[^a]b', 'a☺b', true],
  ['a???b', 'a☺b', false],
  ['[a-ζ]*', 'α', true],
  ['*[a-ζ]', 'A', false],
  ['a?b', 'a/b', false],
  ['a*b', 'a/b', false],
  ['[\\]a]', ']', true],
  ['[\\-]', '-', true],
  ['[x\\-]', 'z', false],
  ['[\\-x]', 'x', true],
  ['[a^]', '^', true],
  ['*x', 'xxx', true],
  ['**', 'ab', true],
  ['', '', true],
  ['[]a]', ']', undefined],
  ['[-]', '-', undefined],
  ['[x-]', 'x', undefined],
  ['[-x]', 'x', undefined],
  ['[a-b-c]', 'a', undefined],
  ['[', 'a', undefined],
  ['[^', 'a', undefined],
  ['[^bc', 'a', undefined],
  ['a[', 'ab', undefined],
  ['\\', 'a', undefined],
];

describe('parseGlob', () => {
  it("matches as Go's filepath.Match does", () => {
    for (const [pattern, path, expected] of CASES) {
      if (expected === undefined) {
        assert.throws(() => parseGlob(pattern), { code: 'BUILDPACK_INVALID' }, pattern);
      } else assert.equal(parseGlob(pattern)(path), expected, `${pattern} ~ ${path}`);
    }
  });

  it('takes no exponential time', () => {
    assert.equal(parseGlob(`${'a*'.repeat(50)}b`)('a'.repeat(5000)), false);
  });
});
