import fc from 'fast-check';
import type { TomlTable, TomlValue } from '../../src/cnb/toml-value.ts';

/**
 * Tables whose keys are those of the files that are read and whose values are of any kind: what is a table there is a list or a number
 * here, names are empty, have slashes or are no digests.
 */
export function oddTables(keys: readonly string[]): fc.Arbitrary<TomlTable> {
  const { table } = fc.letrec<{ table: TomlTable; value: TomlValue }>((tie) => ({
    table: fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<TomlValue>('', 'a', '../a', 'a/b:c@d', `sha256:${'0'.repeat(64)}`, '0.12', 'web', '\u0000'),
      fc.constantFrom<TomlValue>(0n, -1n, 2n ** 63n - 1n, 1.5, true, false),
      tie('table'),
      tie('table'),
      fc.array(tie('table'), { maxLength: 3 }),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
  }));
  return table;
}

/** The same for JSON, where a number is a number. */
export function oddJson(keys: readonly string[]): fc.Arbitrary<string> {
  const toJson = (value: unknown): string =>
    JSON.stringify(value, (_key, member: unknown) => (typeof member === 'bigint' ? Number(member) : member));
  const parts = fc.constantFrom(
    ...['{', '}', '[', ']', ',', ':', '"a"', 'null', '1', 'tru', '\u0000', ...keys.map((key) => `"${key}"`)],
  );
  return fc.oneof(
    { weight: 6, arbitrary: oddTables(keys).map(toJson) },
    { weight: 1, arbitrary: fc.array(parts, { maxLength: 12 }).map((all) => all.join('')) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '',
        'null',
        '[]',
        '"x"',
        '1',
        '{"a":1}{',
        '\ufeff{}',
        '['.repeat(5000),
        '{"a":'.repeat(5000),
      ),
    },
  );
}

/** Bytes of no kind. */
export function oddBytes(): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ maxLength: 60 });
}
