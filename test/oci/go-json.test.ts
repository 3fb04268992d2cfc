import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareBytes, goJson, sortKeysDeep } from '../../src/oci/go-json.ts';

describe('goJson writes what encoding/json writes (contract §6)', () => {
  // Each right-hand side is what Go 1.26's json.Marshal printed for the value.
  for (const [value, text] of [
    [{ b: 1, a: [true, null, 'x'] }, '{"b":1,"a":[true,null,"x"]}'],
    ['<a href="x">&amp;</a>', '"\\u003ca href=\\"x\\"\\u003e\\u0026amp;\\u003c/a\\u003e"'],
    ['\u2028\u2029', '"\\u2028\\u2029"'],
    ['\b\f\n\r\t', '"\\b\\f\\n\\r\\t"'],
    ['\u0000\u001f\u007f', '"\\u0000\\u001f\u007f"'],
    ['\u0080\u009f', '"\u0080\u009f"'],
    ['é 漢 🚢', '"é 漢 🚢"'],
    ['\\ /', '"\\\\ /"'],
    [1e21, '1e+21'],
    [1e20, '100000000000000000000'],
    [1e-7, '1e-7'],
    [0.000001, '0.000001'],
    [1.5, '1.5'],
    [-0, '-0'],
    [9007199254740993n, '9007199254740993'],
    [{}, '{}'],
    [[], '[]'],
    [{ a: undefined, b: 1 }, '{"b":1}'],
  ] as const) {
    it(text, () => {
      assert.equal(goJson(value), text);
    });
  }

  it('a lone surrogate becomes U+FFFD', () => {
    assert.equal(goJson('a\ud800b'), '"a\ufffdb"');
  });

  it('what has no JSON is a TypeError', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Symbol('x'), (): void => undefined])
      assert.throws(() => goJson(value), TypeError);
  });

  it('reads back as the same data', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        // JSON.stringify, unlike Go, writes -0 as 0.
        assert.equal(JSON.stringify(JSON.parse(goJson(value))), JSON.stringify(value));
      }),
    );
  });
});

describe('sortKeysDeep', () => {
  it('orders keys by their UTF-8 bytes at every depth, numbers among them as text', () => {
    const value = { b: { z: 1, a: [{ y: 1, x: 2 }] }, 10: 'ten', 9: 'nine', a: 1, ﬀ: 1, '🚢': 1 };
    assert.equal(
      goJson(sortKeysDeep(value)),
      '{"10":"ten","9":"nine","a":1,"b":{"a":[{"x":2,"y":1}],"z":1},"ﬀ":1,"🚢":1}',
    );
  });

  it('compareBytes is not UTF-16 order', () => {
    assert.deepEqual(['ﬀ', '🚢'].toSorted(), ['🚢', 'ﬀ']);
    assert.deepEqual(['🚢', 'ﬀ'].toSorted(compareBytes), ['ﬀ', '🚢']);
  });
});
