import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeExtendConfig } from '../../../src/cnb/files/extend-config.ts';

describe('extend-config.toml', () => {
  it('has arguments for both kinds', () => {
    const text = '[[build.args]]\nname = "a"\nvalue = "1"\n[[run.args]]\nname = "b"\nvalue = ""\n';
    assert.deepEqual(decodeExtendConfig(text, 'f'), {
      build: [{ name: 'a', value: '1' }],
      run: [{ name: 'b', value: '' }],
    });
    assert.deepEqual(decodeExtendConfig('', 'f'), { build: [], run: [] });
  });

  for (const name of ['build_id', 'user_id', 'group_id']) {
    it(`may not set ${name} (D-72)`, () => {
      const message = `validating extend config: invalid content: arg with name "${name}" is not allowed`;
      const text = `[[run.args]]\nname = "ok"\nvalue = "1"\n[[run.args]]\nname = "${name}"\nvalue = "1"\n`;
      assert.throws(() => decodeExtendConfig(text, 'f'), { code: 'BUILDPACK_INVALID', message });
    });
  }

  it('of a wrong shape is refused by file and key', () => {
    assert.throws(() => decodeExtendConfig('[build]\nargs = "x"', 'f'), {
      code: 'FILE_INVALID',
      message: /^f: build\.args/,
    });
  });
});
