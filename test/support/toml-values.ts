import fc from 'fast-check';
import { TomlDate, type TomlValue } from '../../src/cnb/toml-value.ts';

/** How something is written, and what that means. */
export interface Written<T> {
  readonly text: string;
  readonly value: T;
}

/** Bare, quoted and literal keys. */
export function keys(): fc.Arbitrary<Written<string>> {
  const bare = fc.constantFrom('a', 'A-1', '_', '1979-05-27', 'true', '1', '__proto__', 'constructor');
  return fc.oneof(
    bare.map((value) => ({ text: value, value })),
    fc.constantFrom('', 'a b', 'é', 'a.b', '#', '[x]').map((value) => ({ text: `"${value}"`, value })),
    fc.constantFrom('', 'a"b', '\\u0041').map((value) => ({ text: `'${value}'`, value })),
    fc.constant({ text: '"\\u0041\\t\\"\\U0001F600"', value: 'A\t"\u{1f600}' }),
  );
}

/** Every kind of value, in every way of writing it. */
export function values(): fc.Arbitrary<Written<TomlValue>> {
  const { value } = fc.letrec<{ value: Written<TomlValue> }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      ...[strings(), integers(), floats(), dates()],
      fc.boolean().map((value) => ({ text: String(value), value })),
      lists(tie('value')),
      inlineTables(tie('value')),
    ),
  }));
  return value;
}

function strings(): fc.Arbitrary<Written<string>> {
  const text = fc.string({ unit: fc.constantFrom('a', ' ', 'é', '\u{1f600}', '#', '=', '[', '{', '.', '\t') });
  return fc.oneof(
    text.map((value) => ({ text: `"${value}"`, value })),
    text.map((value) => ({ text: `'${value}\\n'`, value: `${value}\\n` })),
    text.map((value) => ({ text: `"""\n${value}\n""x"""`, value: `${value}\n""x` })),
    text.map((value) => ({ text: `'''\n${value}\n'x''\\'''`, value: `${value}\n'x''\\` })),
    text.map((value) => ({ text: `"""${value}\\\n \t\n  end"""`, value: `${value}end` })),
    fc.constant({ text: '"\\b\\t\\n\\f\\r\\"\\\\\\u00e9\\U0001f600"', value: '\b\t\n\f\r"\\é\u{1f600}' }),
  );
}

function integers(): fc.Arbitrary<Written<bigint>> {
  const any = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const natural = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
  const spaced = (digits: string): string => digits.replaceAll(/(?<=[\da-f])(?=(?:[\da-f]{3})+$)/g, '_');
  return fc.oneof(
    any.map((value) => ({ text: String(value), value })),
    natural.map((value) => ({ text: `+${spaced(String(value))}`, value })),
    natural.map((value) => ({ text: `0x${spaced(value.toString(16))}`, value })),
    natural.map((value) => ({ text: `0x00${value.toString(16).toUpperCase()}`, value })),
    natural.map((value) => ({ text: `0o${value.toString(8)}`, value })),
    natural.map((value) => ({ text: `0b${value.toString(2)}`, value })),
  );
}

function floats(): fc.Arbitrary<Written<number>> {
  const finite = fc.double({ noDefaultInfinity: true, noNaN: true });
  return fc.oneof(
    // JavaScript writes no sign before a zero.
    finite.map((value) => ({
      text: (Object.is(value, -0) ? '-' : '') + value.toExponential().replace('e', 'E'),
      value,
    })),
    fc.integer().map((value) => ({ text: `${String(value)}.0`, value })),
    fc
      .integer({ min: 0, max: 999 })
      .map((value) => ({ text: `+1_${String(value).padStart(3, '0')}.2_5e+0_1`, value: (1000 + value) * 10 + 2.5 })),
    fc.constantFrom(
      ...[
        { text: 'inf', value: Infinity },
        { text: '-inf', value: -Infinity },
        { text: '+nan', value: NaN },
      ],
      ...[
        { text: '-0.0', value: -0 },
        { text: '0e0', value: 0 },
        { text: '1e06', value: 1e6 },
      ],
    ),
  );
}

function dates(): fc.Arbitrary<Written<TomlDate>> {
  const two = (max: number, min: number = 0): fc.Arbitrary<string> =>
    fc.integer({ min, max }).map((value) => String(value).padStart(2, '0'));
  const year = fc.integer({ min: 1, max: 9999 }).map((value) => String(value).padStart(4, '0'));
  const date = fc.tuple(year, two(12, 1), two(28, 1)).map((parts) => parts.join('-'));
  const fraction = fc
    .constantFrom(['', ''], ['.5', '.5'], ['.120', '.12'], ['.000', ''])
    .map(([text = '', value = '']) => ({ text, value }));
  const time = fc.tuple(
    fc.tuple(two(23), two(59), two(59)).map((parts) => parts.join(':')),
    fraction,
  );
  const zone = fc.oneof(
    fc
      .constantFrom(['Z', 'Z'], ['z', 'Z'], ['+00:00', 'Z'], ['-00:00', 'Z'])
      .map(([text = '', value = '']) => ({ text, value })),
    fc
      .tuple(fc.constantFrom('+', '-'), two(23, 1), two(59))
      .map(([sign, hours, minutes]) => ({ text: `${sign}${hours}:${minutes}`, value: `${sign}${hours}:${minutes}` })),
  );
  return fc.oneof(
    date.map((text) => ({ text, value: new TomlDate('local-date', text) })),
    time.map(([whole, part]) => ({ text: whole + part.text, value: new TomlDate('local-time', whole + part.value) })),
    fc.tuple(date, fc.constantFrom('T', 't', ' '), time).map(([day, separator, [whole, part]]) => ({
      text: day + separator + whole + part.text,
      value: new TomlDate('local-date-time', `${day}T${whole}${part.value}`),
    })),
    fc
      .tuple(date, fc.constantFrom('T', 't', ' '), time, zone)
      .map(([day, separator, [whole, part], { text, value }]) => ({
        text: day + separator + whole + part.text + text,
        value: new TomlDate('offset-date-time', `${day}T${whole}${part.value}${value}`),
      })),
  );
}

function lists(item: fc.Arbitrary<Written<TomlValue>>): fc.Arbitrary<Written<TomlValue>> {
  const gap = fc.constantFrom('', ' ', '\n', ' # one ]\n\t');
  return fc
    .tuple(fc.array(fc.tuple(gap, item, gap), { maxLength: 4 }), gap, fc.boolean())
    .map(([items, last, hasComma]) => {
      const texts = items.map(([before, { text }, after]) => before + text + after).join(',');
      return {
        text: `[${texts}${hasComma && items.length > 0 ? ',' : ''}${last}]`,
        value: items.map(([, { value }]) => value),
      };
    });
}

function inlineTables(item: fc.Arbitrary<Written<TomlValue>>): fc.Arbitrary<Written<TomlValue>> {
  const member = fc.tuple(keys(), item, fc.boolean());
  return fc
    .tuple(fc.uniqueArray(member, { maxLength: 3, selector: ([key]) => key.value }), blanks())
    .map(([members, blank]) => {
      const texts = members.map(
        ([key, { text }, isDotted]) => `${blank}${key.text}${isDotted ? '.x' : ''}${blank}=${blank}${text}${blank}`,
      );
      const value: Record<string, TomlValue> = {};
      for (const [key, one, isDotted] of members) setOwn(value, key.value, isDotted ? { x: one.value } : one.value);
      return { text: `{${texts.join(',')}${blank}}`, value };
    });
}

/** Sets a member of its own whatever the key is. */
export function setOwn(table: Record<string, TomlValue>, key: string, value: TomlValue): void {
  Object.defineProperty(table, key, { value, enumerable: true, configurable: true, writable: true });
}

/** White space within a line. */
export function blanks(): fc.Arbitrary<string> {
  return fc.constantFrom('', ' ', '\t', '  ');
}
