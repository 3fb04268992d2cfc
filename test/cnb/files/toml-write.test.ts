import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeToml, TomlRaw, type TomlNode } from '../../../src/cnb/files/toml-write.ts';
import { TomlDate } from '../../../src/cnb/toml-value.ts';

describe('TOML writing', () => {
  it('writes nothing for an empty document', () => assert.equal(encodeToml(new Map()), ''));

  it('leaves out what is undefined or null, and keeps an empty table', () => {
    assert.equal(encode({ a: undefined, b: null, c: {} }), '[c]\n');
  });

  it('writes a struct in its order and a map in byte order, scalars first', () => {
    const document = new Map<string, TomlNode>([
      ['z', { t: {}, 'a-b': 1n, a: 2n, Z: 3n, é: 4n }],
      ['y', true],
      ['x', []],
    ]);
    assert.equal(encodeToml(document), 'y = true\nx = []\n\n[z]\n  Z = 3\n  a = 2\n  a-b = 1\n  "é" = 4\n  [z.t]\n');
  });

  it('puts a blank line before top-level tables and every list element, but not at the start', () => {
    assert.equal(
      encode({ m: { app: [{ sha: 's' }], n: { x: 1n } } }),
      '[m]\n\n  [[m.app]]\n    sha = "s"\n  [m.n]\n    x = 1\n',
    );
    assert.equal(encode({ a: [{}, {}] }), '[[a]]\n\n[[a]]\n');
  });

  it('keeps a mixed list inline', () => {
    assert.equal(encode({ a: ['x', { k: 1, j: 'v' }] }), 'a = ["x", {j = "v", k = 1.0}]\n');
  });

  it('quotes keys that need it, in headers too', () => {
    assert.equal(encode({ 'a.b': { '': 1n, 'c"d': {} } }), '["a.b"]\n  "" = 1\n  ["a.b"."c\\"d"]\n');
  });

  it('escapes as the Go encoder does', () => {
    assert.equal(
      encode({ a: '"\\\n\t\r\b\f\u0001\u007f\u0085é<&>' }),
      'a = "\\"\\\\\\n\\t\\r\\b\\f\\u0001\\u007f\u0085é<&>"\n',
    );
  });

  it('writes raw pieces and dates as they are', () => {
    assert.equal(
      encode({ a: new TomlRaw('[1]'), b: new TomlDate('local-date', '1979-05-27') }),
      'a = [1]\nb = 1979-05-27\n',
    );
  });

  for (const [value, text] of [
    [7, '7.0'],
    [1.5, '1.5'],
    [100000, '100000.0'],
    [1000000, '1e+06'],
    [123456789, '1.23456789e+08'],
    [-1234567.5, '-1.2345675e+06'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1e-7, '1e-07'],
    [1e21, '1e+21'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [0, '0.0'],
    [-0, '-0.0'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [NaN, 'nan'],
  ] as const) {
    it(`writes the float ${String(value)} as ${text}`, () => assert.equal(encode({ f: value }), `f = ${text}\n`));
  }
});

function encode(members: Readonly<Record<string, TomlNode>>): string {
  return encodeToml(new Map(Object.entries(members)));
}
