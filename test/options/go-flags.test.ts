import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseGoFlags, type FlagSpec, type ParsedFlags } from '../../src/options/go-flags.ts';
import { isGoDuration, parseGoBoolean, parseGoInteger } from '../../src/options/go-values.ts';

const SPECS: readonly FlagSpec[] = [
  { name: 'layers', kind: 'directory', help: 'path to layers directory', fallback: '/layers' },
  { name: 'uid', kind: 'integer', help: 'UID of user', fallback: '0' },
  { name: 'tag', kind: 'strings', help: 'additional tags' },
  { name: 'daemon', kind: 'boolean', help: 'export to docker daemon' },
];

describe('the Go flag rules', () => {
  it('-x v, -x=v, --x v and --x=v are the same', () => {
    for (const argv of [['-layers', 'a'], ['-layers=a'], ['--layers', 'a'], ['--layers=a']])
      assert.deepEqual(parsed([...argv, 'image']).values.get('layers'), ['a'], argv.join(' '));
  });

  it('a boolean takes a value only after =', () => {
    const { values, positionals } = parsed(['-daemon', 'false']);
    assert.deepEqual(values.get('daemon'), ['true']);
    assert.deepEqual(positionals, ['false']);
    assert.deepEqual(parsed(['-daemon=F']).values.get('daemon'), ['F']);
    assert.equal(failure(['-daemon=maybe']), 'invalid boolean value "maybe" for -daemon: parse error');
  });

  it('reading stops at the first word that is no flag, at - and after --', () => {
    assert.deepEqual(parsed(['-uid', '1', 'image', '-daemon']).positionals, ['image', '-daemon']);
    assert.deepEqual(parsed(['-', '-daemon']).positionals, ['-', '-daemon']);
    assert.deepEqual(parsed(['--', '-daemon']).positionals, ['-daemon']);
  });

  it('repeated flags keep every value in order', () => {
    assert.deepEqual(parsed(['-tag', 'a', '-tag=b', '--tag', 'c']).values.get('tag'), ['a', 'b', 'c']);
  });

  it('a value may begin with a dash or be empty', () => {
    assert.deepEqual(parsed(['-layers', '-daemon']).values.get('layers'), ['-daemon']);
    assert.deepEqual(parsed(['-layers=']).values.get('layers'), ['']);
    assert.deepEqual(parsed(['-layers=a=b']).values.get('layers'), ['a=b']);
  });

  it('says what is wrong in the words of Go', () => {
    assert.equal(failure(['-nope', 'x']), 'flag provided but not defined: -nope');
    assert.equal(failure(['--nope=1']), 'flag provided but not defined: -nope');
    assert.equal(failure(['-layers']), 'flag needs an argument: -layers');
    assert.equal(failure(['---layers', 'a']), 'bad flag syntax: ---layers');
    assert.equal(failure(['-=a']), 'bad flag syntax: -=a');
    assert.equal(failure(['-uid', 'x']), 'invalid value "x" for flag -uid: parse error');
  });

  it('-h and -help print the sorted usage', () => {
    const result = parseGoFlags(SPECS, ['-h']);
    assert.deepEqual(result, {
      kind: 'help',
      usage:
        'Usage of lifecycle:\n  -daemon\n    \texport to docker daemon\n  -layers string\n    \tpath to layers directory (default "/layers")\n' +
        '  -tag value\n    \tadditional tags\n  -uid int\n    \tUID of user\n',
    });
    assert.equal(parseGoFlags(SPECS, ['--help']).kind, 'help');
  });

  it('any words give values, help or an error, and values and positionals are all there is', () => {
    const word = fc.oneof(
      fc.constantFrom('-layers', '--layers=x', '-uid', '7', '-daemon', '-tag=t', '--', '-', 'image', '-h', '-daemon=0'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word), (argv) => {
        const result = parseGoFlags(SPECS, argv);
        if (result.kind !== 'parsed') return;
        const { values, positionals } = result.parsed;
        const consumed = argv.length - positionals.length;
        assert.deepEqual(argv.slice(consumed), positionals);
        const given = [...values.values()].reduce((sum, each) => sum + each.length, 0);
        assert.ok(given <= consumed && consumed <= 2 * given + 1);
      }),
    );
  });
});

describe('Go values', () => {
  it('booleans are the twelve words of ParseBool', () => {
    for (const text of ['1', 't', 'T', 'TRUE', 'true', 'True']) assert.equal(parseGoBoolean(text), true);
    for (const text of ['0', 'f', 'F', 'FALSE', 'false', 'False']) assert.equal(parseGoBoolean(text), false);
    for (const text of ['', 'yes', 'tRUE', ' 1']) assert.equal(parseGoBoolean(text), undefined);
  });

  it('durations have units', () => {
    for (const text of ['336h', '1h30m', '-1.5s', '.5ms', '0']) assert.equal(isGoDuration(text), true, text);
    for (const text of ['', '10', 'h', '1 h', '1d', 'long']) assert.equal(isGoDuration(text), false, text);
  });

  it('integers are decimal, or have a base', () => {
    assert.equal(parseGoInteger('1000'), 1000);
    assert.equal(parseGoInteger('-5'), -5);
    assert.equal(parseGoInteger('0x10'), 16);
    assert.equal(parseGoInteger('010'), 8);
    for (const text of ['', '1e3', '1.0', 'x', '9'.repeat(20)]) assert.equal(parseGoInteger(text), undefined);
  });
});

function parsed(argv: readonly string[]): ParsedFlags {
  const result = parseGoFlags(SPECS, argv);
  assert.equal(result.kind, 'parsed');
  return result.parsed;
}

function failure(argv: readonly string[]): string {
  const result = parseGoFlags(SPECS, argv);
  assert.equal(result.kind, 'error');
  return result.message;
}
