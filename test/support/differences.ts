import { readFileSync } from 'node:fs';
import { describeIssues, ObjectReader } from '../../src/schema/reader.ts';

/** A row of docs/differences.json, of which docs/reference/differences.md is made. */
export interface Difference {
  readonly id: string;
  /** Heading under which it stands. */
  readonly section: string;
  /** Numbers of the gaps of the Go lifecycle that it closes: 5 is GAP-5. */
  readonly gaps: readonly number[];
  /** The recorded runs are only equal because of it. */
  readonly isGolden: boolean;
  readonly proof: string;
  /** Exit codes of recorded failures that are others here, by `case/step`. */
  readonly exits: ReadonlyMap<string, number>;
}

const DIFFERENCES_LIST = 'docs/differences.json' as const;

/** The rows with an id, in their order. Throws when the list has another shape. */
export function readDifferences(): readonly Difference[] {
  const list = new ObjectReader(JSON.parse(readFileSync(DIFFERENCES_LIST, 'utf8')));
  const rows = list.list('sections', (section) => {
    const title = section.string('title');
    return section.list('rows', (row) => readRow(row, title));
  });
  list.object('notYet').list('rows', (row) => ['asked', 'answer', 'exit'].map((key) => row.string(key)));
  if (list.issues.length > 0) throw new Error(`${DIFFERENCES_LIST}: ${describeIssues(list.issues)}`);
  return rows.flat();
}

const KEYS: readonly string[] = ['id', 'theirs', 'ours', 'why', 'gaps', 'golden', 'provenBy', 'exits'];

/** Where a comparison names the rows that it needs: `allowed('<id>')`. */
const NAMED = /allowed\('([a-z0-9-]+)'\)/g;

/** What a comparison with recorded runs may leave out, and what it did. */
export class AllowedDifferences {
  /** Rows that only another file's comparison names. */
  readonly #foreign: readonly string[];
  readonly #golden: readonly string[] = readDifferences()
    .filter((row) => row.isGolden)
    .map((row) => row.id);
  readonly #used = new Set<string>();

  /** `others` are files with comparisons of their own, which need the rows that they name. */
  constructor(others: readonly string[] = ['test/e2e/cache-image.test.ts', 'test/e2e/golden-layout.test.ts']) {
    this.#foreign = others.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(NAMED)].map((match) => match[1] ?? ''),
    );
  }

  /** Says that the comparison at hand leaves something out. Throws when no row with **golden** allows it. */
  use(id: string): void {
    if (!this.#golden.includes(id)) throw new Error(`${DIFFERENCES_LIST} has no golden row ${id}`);
    this.#used.add(id);
  }

  unused(): readonly string[] {
    return this.#golden.filter((id) => !this.#used.has(id) && !this.#foreign.includes(id));
  }
}

function readRow(row: ObjectReader, section: string): Difference {
  for (const key of row.keys().filter((name) => !KEYS.includes(name))) row.issue(key, 'no row has such a key');
  for (const key of ['theirs', 'ours']) row.string(key);
  row.optionalString('why');
  const gaps: unknown = row.raw('gaps') ?? [];
  const exits = row.object('exits');
  if (!isNumbers(gaps)) row.issue('gaps', 'expected a list of numbers');
  return {
    id: row.string('id'),
    section,
    gaps: isNumbers(gaps) ? gaps : [],
    isGolden: row.boolean('golden'),
    proof: row.string('provenBy'),
    exits: new Map(exits.keys().map((step) => [step, exits.safeInteger(step)])),
  };
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item: unknown) => typeof item === 'number');
}
