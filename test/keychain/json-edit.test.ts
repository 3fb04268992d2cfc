import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { removeMember, setMember } from '../../src/keychain/json-edit.ts';

describe('edits of a JSON text', () => {
  it('leave every other byte as it is', () => {
    const text = '{\n  "big": 12345678901234567890,\r\n "auths" : {"a": {"auth":"x"}, "b":{ }} , "f":1.0,"s":"}\\",{"}';
    assert.equal(setMember(text, ['auths', 'a'], '{"auth":"y"}'), text.replace('{"auth":"x"}', '{"auth":"y"}'));
    assert.equal(setMember(text, ['auths', 'c'], '1'), text.replace('"b":{ }', '"b":{ }, "c": 1'));
    assert.equal(removeMember(text, ['auths'], 'a'), text.replace('"a": {"auth":"x"}, ', ''));
    assert.equal(removeMember(text, ['auths'], 'b'), text.replace(', "b":{ }', ''));
    assert.equal(removeMember(text, ['auths'], 'none'), text);
    assert.equal(removeMember(text, ['none'], 'a'), text);
  });

  it('make what is missing on the way', () => {
    assert.equal(setMember('{}', ['auths', 'a'], '1'), '{\n\t"auths": {"a": 1}\n}');
    assert.equal(setMember('{"auths":{}}', ['auths', 'a'], '1'), '{"auths":{\n\t"a": 1\n}}');
    assert.equal(setMember('{\n\t"x": 1\n}', ['auths', 'a'], '1'), '{\n\t"x": 1,\n\t"auths": {"a": 1}\n}');
  });

  it('mean what the same edit of the data means, whatever the text looks like', () => {
    const key = fc.constantFrom('auths', 'a', 'b', 'c"\\', '}', '');
    const object = fc.dictionary(key, fc.jsonValue());
    const document = fc.record({ auths: object, rest: fc.jsonValue() }, { requiredKeys: [] });
    fc.assert(
      fc.property(document, key, fc.jsonValue(), fc.constantFrom(undefined, 2, '\t'), (value, name, added, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const set: unknown = JSON.parse(setMember(text, ['auths', name], JSON.stringify(added)));
        const wanted: unknown = JSON.parse(JSON.stringify({ ...value, auths: { ...value.auths, [name]: added } }));
        assert.deepEqual(set, wanted);
        const others = Object.fromEntries(Object.entries(value.auths ?? {}).filter(([key]) => key !== name));
        const removed: unknown = JSON.parse(removeMember(text, ['auths'], name));
        assert.deepEqual(
          removed,
          JSON.parse(JSON.stringify(value.auths === undefined ? value : { ...value, auths: others })),
        );
      }),
    );
  });

  it('of members with the same name the last counts, and all go', () => {
    assert.equal(setMember('{"a":1,"a":2}', ['a'], '3'), '{"a":1,"a":3}');
    assert.equal(removeMember('{"a":1,"b":0,"a":2}', [], 'a'), '{"b":0}');
  });
});
