import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseToml } from '../../../src/cnb/files/toml-read.ts';
import { encodeToml } from '../../../src/cnb/files/toml-write.ts';
import { TomlDate, type TomlTable, type TomlValue } from '../../../src/cnb/toml-value.ts';
import { SlipwayError } from '../../../src/core/errors.ts';
import { tomlDocuments, tomlNearMisses } from '../../support/toml-documents.ts';

const MEGABYTE = 1024 * 1024;

/** What it is → the document → its data. The first rows are valid documents that the TOML package refuses or misreads. */
const VALID: readonly (readonly [string, string, TomlTable])[] = [
  ['a comment that ends in CRLF', 'a = 1 # one\r\nb = 2\r\n', { a: 1n, b: 2n }],
  ['a line continuation before CRLF', 'a = """x\\\r\n   y"""\r\n', { a: 'xy' }],
  ['CRLF within a string, which stays', 'a = """\r\nx\r\ny"""\r\nb = [\r\n1,\r\n]', { a: 'x\r\ny', b: [1n] }],
  ['a byte order mark', '\ufeffa = 1', { a: 1n }],
  ['lower-case t and z', 'a = 1979-05-27t07:32:00z', { a: new TomlDate('offset-date-time', '1979-05-27T07:32:00Z') }],
  [
    'a space in a date-time',
    'a = 1979-05-27 07:32:00.50',
    { a: new TomlDate('local-date-time', '1979-05-27T07:32:00.5') },
  ],
  ['a bare local time', 'a = 07:32:00', { a: new TomlDate('local-time', '07:32:00') }],
  [
    'a list of every kind of date',
    'a = [1979-05-27, 07:32:00]',
    { a: [new TomlDate('local-date', '1979-05-27'), new TomlDate('local-time', '07:32:00')] },
  ],
  ['the year 1', 'a = 0001-01-01', { a: new TomlDate('local-date', '0001-01-01') }],
  [
    'an offset of zero',
    'a = 1979-05-27T00:32:00.999999-00:00',
    { a: new TomlDate('offset-date-time', '1979-05-27T00:32:00.999999Z') },
  ],
  ['an offset', 'a = 1979-05-27T00:32:00-07:00', { a: new TomlDate('offset-date-time', '1979-05-27T00:32:00-07:00') }],
  ['a leap day', 'a = 2024-02-29', { a: new TomlDate('local-date', '2024-02-29') }],
  ['zero with an exponent', 'a = 0e0\nb = -0e2', { a: 0, b: -0 }],
  ['floats that are whole', 'a = 1.0\nb = 1', { a: 1, b: 1n }],
  ['special floats', 'a = [inf, +inf, -inf, nan, -nan]', { a: [Infinity, Infinity, -Infinity, NaN, NaN] }],
  [
    'integers above 2^53',
    'a = 9007199254740993\nb = -9223372036854775808',
    { a: 9007199254740993n, b: -9223372036854775808n },
  ],
  ['integers in other bases', 'a = [0xDEAD_beef, 0o755, 0b1_01, +9_9]', { a: [0xdeadbeefn, 0o755n, 5n, 99n] }],
  [
    'keys that JavaScript objects have',
    '__proto__.x = 1\n[constructor]\ny = 2',
    Object.fromEntries<TomlValue>([
      ['__proto__', { x: 1n }],
      ['constructor', { y: 2n }],
    ]),
  ],
  ['quoted, dotted and empty keys', '"a.b" = 1\n\'c\'."d\\u0041" = 2\n"" = 3', { 'a.b': 1n, c: { dA: 2n }, '': 3n }],
  ['quotes at the end of a multi-line string', `a = """x"""""\nb = '''\ny''''`, { a: 'x""', b: "y'" }],
  ['a string that looks like a mark', 'a = "i1"\nb = "f1.0"\nc = "\\u0073"', { a: 'i1', b: 'f1.0', c: 's' }],
  ['a mixed list with comments', 'a = [ # one\n 1,\n "x", {b = [1.5]}, # two\n]', { a: [1n, 'x', { b: [1.5] }] }],
  ['a super-table after its sub-table', '[a.b]\nx = 1\n[a]\ny = 2', { a: { b: { x: 1n }, y: 2n } }],
  ['a sub-table of a dotted table', '[a]\nb.c = 1\n[a.b.d]\nx = 2', { a: { b: { c: 1n, d: { x: 2n } } } }],
  [
    'lists of tables within each other',
    '[[a]]\n[[a.b]]\nx = 1\n[[a.b]]\n[a.c]\n[[a]]',
    { a: [{ b: [{ x: 1n }, {}], c: {} }, {}] },
  ],
  ['a hash in a string', 'a = "# no" # yes', { a: '# no' }],
  ['nothing', '', {}],
];

/** What it is → the document → line and column of the complaint. The first rows are documents that the TOML package accepts. */
const INVALID: readonly (readonly [string, string, string])[] = [
  ['29 February of an ordinary year', 'a = 2021-02-29', '1:5'],
  ['30 February', '\na = 2024-02-30', '2:5'],
  ['hour 24', 'a = 24:00:00', '1:5'],
  ['a day of one digit', 'a = 2000-01-1', '1:5'],
  ['a T without a time', 'a = 2000-01-01T', '1:5'],
  ['a table again after a dotted key made it', '[a]\nb.c = 1\n[a.b]', '3:1'],
  ['the same one level down', '[a]\nb.c.d = true\n[a.b]', '3:1'],
  ['a dotted key into a table with a header', '[a.b.c]\nz = 9\n[a]\nb.c.t = "x"', '4:1'],
  ['a dotted key into a super-table', '[a.b.c.d]\nz = 9\n[a]\nb.c.k.t = 8', '4:1'],
  ['a carriage return alone', 'a = 1\rb = 2', '1:6'],
  ['a key twice', 'a = 1\na = 2', '2:6'],
  ['a table twice', '[a]\n[a]', '2:3'],
  ['a list of tables over a list', 'a = []\n[[a]]', '2:4'],
  ['a closed inline table extended', 'a = {}\na.b = 1', '2:8'],
  ['an integer beyond 64 bits', 'a = 9223372036854775808', '1:5'],
  ['a leading zero', 'a = 01', '1:5'],
  ['a doubled underscore', 'a = 1__0', '1:5'],
  ['a point without digits', 'a = 1.', '1:5'],
  ['a bare word', 'a = True', '1:5'],
  ['no value', 'a =\nb = 1', '1:4'],
  ['no key', '= 1', '1:1'],
  ['a bad value after CRLF lines', 'a = 1\r\n# c\r\nb = """\r\n""" x', '4:5'],
  ['two values on a line', 'a = 1 b = 2', '1:7'],
  ['an open string', 'a = "x', '1:7'],
  ['an open list', 'a = [1,', '1:8'],
  ['an open inline table', 'a = {b = 1', '1:11'],
  ['a newline in an inline table', 'a = {b = 1\n}', '1:11'],
  ['a trailing comma in an inline table', 'a = {b = 1,}', '1:12'],
  ['an open header', '[a', '1:3'],
  ['an unknown escape', 'a = "\\q"', '1:7'],
  ['a surrogate', 'a = "\\ud800"', '1:12'],
  ['a control character in a string', 'a = "\u0001"', '1:6'],
  ['a control character in a comment', '# \u0001', '1:3'],
  ['a multi-line string as key', '"""a""" = 1', '1:3'],
];

describe('TOML reading', () => {
  for (const [what, document, expected] of VALID) {
    it(`takes ${what}`, () => assert.deepStrictEqual(parseToml(document, 'x.toml'), expected));
  }

  for (const [what, document, position] of INVALID) {
    it(`refuses ${what} and says where`, () => {
      const error = failureOf(document);
      assert.equal(error.code, 'FILE_INVALID');
      assert.match(error.message, new RegExp(`^x\\.toml:${position}: [^A-Z]`));
      assert.equal(`${error.details['line'] ?? ''}:${error.details['column'] ?? ''}`, position);
      assert.equal(error.details['text'], document.split('\n')[Number(error.details['line']) - 1]);
    });
  }

  it('refuses bytes that are not UTF-8', () => {
    const error = failureOf(Buffer.from('a = 1\nb = "\xff"', 'latin1'));
    assert.match(error.message, /^x\.toml:2:6: bytes that are not UTF-8/);
  });

  it('leaves Object alone, whatever the keys are', () => {
    parseToml('[constructor]\npolluted = 1\n[toString]\npolluted = 1\n[__proto__]\npolluted = 1', 'x.toml');
    assert.equal(Object.hasOwn(Object, 'polluted'), false);
    assert.equal('polluted' in Object.prototype, false);
    const text: unknown = Object.getOwnPropertyDescriptor(Object.prototype, 'toString')?.value;
    assert.equal(typeof text === 'function' && 'polluted' in text, false);
  });

  const deep = 100_000;
  for (const [what, document] of [
    ['lists', `a = ${'['.repeat(deep)}`],
    ['closed lists', `a = ${'['.repeat(deep)}${']'.repeat(deep)}`],
    ['inline tables', `a = ${'{a = '.repeat(deep)}`],
    ['a dotted key', `a${'.a'.repeat(deep)} = 1`],
    ['a header', `[a${'.a'.repeat(deep)}]`],
    ['inline tables with dotted keys', `a = ${`{${'a.'.repeat(50)}a = `.repeat(50)}`],
  ] as const) {
    it(`refuses ${what} nested too deep`, () =>
      assert.match(failureOf(document).message, /nested deeper than 128 levels/));
  }

  it('refuses a file of 10 MB at once', () => {
    assert.match(failureOf(Buffer.alloc(10 * MEGABYTE, 'x')).message, /^x\.toml is larger than 4194304 bytes/);
  });

  for (const [what, document] of [
    ['blank lines', '\n'.repeat(3 * MEGABYTE)],
    ['one comment', `#${'x'.repeat(3 * MEGABYTE)}`],
    ['one string', `a = "${'\\"'.repeat(MEGABYTE)}"`],
    ['one multi-line string', `a = """${'""\\n'.repeat(MEGABYTE / 2)}"""`],
    ['one list', `a = [${'1,'.repeat(200_000)}]`],
  ] as const) {
    it(`takes megabytes of ${what}`, () => assert.equal(typeof parseToml(document, 'x.toml'), 'object'));
  }

  for (const [what, document] of [
    ['lists', `a = ${'['.repeat(5000)}${']'.repeat(5000)}`],
    ['inline tables', `a = ${'{a = '.repeat(5000)}1${'}'.repeat(5000)}`],
    ['inline tables and lists in turn', `a = ${'[{a = '.repeat(2500)}1${'}]'.repeat(2500)}`],
    ['dotted keys in an inline table', `a = {${Array.from({ length: 5000 }, () => 'a').join('.')} = 1}`],
    ['a list of tables', `[[${Array.from({ length: 5000 }, () => '"a"').join(' . ')}]]`],
    ['a header for each level', Array.from({ length: 200 }, (_, depth) => `[${'a.'.repeat(depth)}a]\n`).join('')],
  ] as const) {
    it(`refuses ${what}, 5,000 deep and closed, with line and column`, () =>
      assert.match(failureOf(document).message, /^x\.toml:\d+:\d+: nested deeper than 128 levels/));
  }

  it('takes what people write, in any style', () => {
    fc.assert(
      fc.property(tomlDocuments(), ({ text, data }) => assert.deepStrictEqual(parseToml(text, 'x'), data)),
      { numRuns: 200 },
    );
  });

  it('takes it as bytes too, and refuses a mistake with the line that it is in', () => {
    fc.assert(
      fc.property(tomlNearMisses(), (text) => {
        try {
          parseToml(Buffer.from(text), 'x.toml');
        } catch (error) {
          assert.ok(error instanceof SlipwayError && error.code === 'FILE_INVALID', String(error));
          const { line, column, text: shown = '' } = error.details;
          const lines = text.replace(/^\ufeff/, '').split('\n');
          const found = lines[Number(line) - 1] ?? assert.fail(`there is no line ${String(line)}`);
          assert.ok(found.startsWith(shown), 'the line is another one');
          assert.ok(Number(column) >= 1 && Number(column) <= found.length + 1, `no column ${String(column)}`);
          assert.doesNotMatch(error.message, /\n/);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('gives back whatever was encoded', () => {
    fc.assert(
      fc.property(tables(), (table) =>
        assert.deepStrictEqual(parseToml(encodeToml(new Map([['t', table]])), 'x')['t'], table),
      ),
      { numRuns: 50 },
    );
  });

  it('never throws anything but FILE_INVALID', () => {
    const words = [
      'a',
      '.',
      '=',
      '"',
      "'",
      '"""',
      "'''",
      '[',
      ']',
      '{',
      '}',
      ',',
      '#',
      '\n',
      '\r\n',
      ' ',
      '1',
      '1.5',
      'true',
      '1979-05-27',
      '\\',
      '\u0000',
      '__proto__',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 40 }), (parts) => {
        try {
          parseToml(parts.join(''), 'x.toml');
        } catch (error) {
          assert.ok(error instanceof SlipwayError && error.code === 'FILE_INVALID', String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

function failureOf(document: string | Uint8Array): SlipwayError {
  try {
    parseToml(document, 'x.toml');
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
  return assert.fail('it was accepted');
}

function tables(): fc.Arbitrary<TomlTable> {
  const text = fc.string({ unit: 'binary' });
  const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'a', 'b-c', 'd_e', '1', ''));
  const date = fc.constantFrom(
    new TomlDate('local-date', '1979-05-27'),
    new TomlDate('local-time', '07:32:00.25'),
    new TomlDate('local-date-time', '1979-05-27T07:32:00'),
    new TomlDate('offset-date-time', '1979-05-27T07:32:00.5-07:00'),
  );
  const { table } = fc.letrec<{ table: TomlTable; value: TomlValue }>((tie) => ({
    table: fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.boolean(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double(),
      date,
      fc.array(tie('value'), { maxLength: 4 }),
      tie('table'),
    ),
  }));
  return table;
}
