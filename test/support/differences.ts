import { readFileSync } from 'node:fs';

/** A row of docs/reference/differences.md. */
export interface Difference {
  readonly id: string;
  /** The recorded runs are only equal because of it. */
  readonly isGolden: boolean;
  readonly proof: string;
}

const DIFFERENCES_PAGE = 'docs/reference/differences.md';

/** The rows with an id, in their order. */
export function readDifferences(): readonly Difference[] {
  return readFileSync(DIFFERENCES_PAGE, 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells.length === 8 && /^`.*`$/.test(cells[1] ?? ''))
    .map((cells) => ({ id: cells[1]?.slice(1, -1) ?? '', isGolden: cells[5] === 'golden', proof: cells[6] ?? '' }));
}

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
  constructor(others: readonly string[] = ['test/e2e/cache-image.test.ts']) {
    this.#foreign = others.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(NAMED)].map((match) => match[1] ?? ''),
    );
  }

  /** Says that the comparison at hand leaves something out. Throws when no row with **golden** allows it. */
  use(id: string): void {
    if (!this.#golden.includes(id)) throw new Error(`${DIFFERENCES_PAGE} has no golden row ${id}`);
    this.#used.add(id);
  }

  unused(): readonly string[] {
    return this.#golden.filter((id) => !this.#used.has(id) && !this.#foreign.includes(id));
  }
}
