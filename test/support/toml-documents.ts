import fc from 'fast-check';
import type { TomlTable, TomlValue } from '../../src/cnb/toml-value.ts';
import { blanks, keys, setOwn, values } from './toml-values.ts';

/** A document as people write it, and what it says. */
export interface WrittenToml {
  readonly text: string;
  readonly data: TomlTable;
}

/** Key/values, dotted keys, tables and lists of tables in every style of writing: comments, CRLF, a byte order mark. */
export function tomlDocuments(): fc.Arbitrary<WrittenToml> {
  const entries = fc.array(fc.tuple(values(), blanks(), comments()), { maxLength: 4 });
  const section = fc.tuple(fc.constantFrom('table', 'list', 'dotted'), keys(), entries);
  return fc
    .tuple(entries, fc.array(section, { maxLength: 4 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
    .map(([top, sections, newline, hasMark]) => {
      const lines: string[] = [];
      const data: Record<string, TomlValue> = {};
      const write = (target: Record<string, TomlValue>, all: typeof top, prefix: string): void => {
        for (const [at, [{ text, value }, blank, comment]] of all.entries()) {
          const name = `${prefix}k${String(at)}`;
          lines.push(`${blank}${name}${blank}=${blank}${text}${comment}`);
          target[`k${String(at)}`] = value;
        }
      };
      write(data, top, '');
      for (const [at, [kind, key, all]] of sections.entries()) {
        // The number keeps two sections from being one table.
        const outer = `s${String(at)}`;
        const inner: Record<string, TomlValue> = {};
        if (kind === 'table') lines.push(`[ ${outer} . ${key.text} ]`);
        else if (kind === 'list') lines.push(`[[${outer}.${key.text}]] # one`);
        else lines.push(`[${outer}]`);
        write(inner, all, kind === 'dotted' ? `${key.text} . ` : '');
        if (kind === 'dotted') setOwn(data, outer, all.length === 0 ? {} : owning(key.value, inner));
        else setOwn(data, outer, owning(key.value, kind === 'list' ? [inner] : inner));
      }
      const text = lines.map((line) => line + newline).join('');
      return { text: hasMark ? `\ufeff${text}` : text, data };
    });
}

/** Pieces that make a document, or hardly. */
export function tomlSoup(): fc.Arbitrary<string> {
  const words = [
    ...[
      'a',
      'b',
      'a.b',
      '"a"',
      "'b'",
      '__proto__',
      '-',
      '1',
      ' = ',
      '=',
      '.',
      ',',
      '\n',
      '\n',
      '\r\n',
      ' ',
      '\t',
      '# c\n',
    ],
    ...[
      '[a]\n',
      '[a.b]\n',
      '[[a]]\n',
      '[[a.b]]\n',
      '[b]\n',
      '[',
      ']',
      '{',
      '}',
      '[[',
      ']]',
      'a = 1\n',
      'b = {}\n',
      'a.b = 2\n',
      'b.a.c = 3\n',
    ],
    ...[
      'true',
      'inf',
      '-nan',
      '0',
      '01',
      '1_0',
      '1__0',
      '0x1F',
      '0o8',
      '1.5',
      '1.',
      '.5',
      '1e5',
      '1e_5',
      '+1',
      '-0',
      '-0.0',
    ],
    ...[
      '1979-05-27',
      '1979-05-27T07:32:00Z',
      '1979-05-27 07:32:00.5',
      '07:32:00',
      '1979-02-30',
      '25:00:00',
      '1979-05-27T00:00:00+24:00',
    ],
    ...[
      '"',
      "'",
      '"""',
      "'''",
      '\\',
      '\\u00e9',
      '\\ud800',
      '\\x',
      '\u0000',
      '\u007f',
      'é',
      '[1, 2,]',
      '{a = 1}',
      '{a.b = 1, a.c = 2}',
      '{a = 1,}',
    ],
  ];
  return fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((parts) => parts.join(''));
}

/** A document with one piece taken out, doubled or put in. */
export function tomlNearMisses(): fc.Arbitrary<string> {
  const piece = fc.constantFrom(
    '',
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    ',',
    '=',
    '.',
    '#',
    '\n',
    '\\',
    '0',
    '_',
    'é',
    '\r',
    'e',
    '-',
  );
  return fc.tuple(tomlDocuments(), fc.nat(), fc.nat({ max: 2 }), piece).map(([{ text }, at, length, put]) => {
    const letters = Array.from(text);
    letters.splice(at % (letters.length + 1), length, put);
    return letters.join('');
  });
}

function owning(key: string, value: TomlValue): Record<string, TomlValue> {
  const table: Record<string, TomlValue> = {};
  setOwn(table, key, value);
  return table;
}

function comments(): fc.Arbitrary<string> {
  return fc.constantFrom('', ' # a "comment" = [', '#');
}
