import { appendFileSync } from 'node:fs';

/** One comparison with recorded data, as `npm run golden` shows it. */
export interface Verdict {
  readonly table: 'images' | 'failures' | 'launcher';
  readonly case: string;
  readonly check: string;
  readonly verdict: 'equal' | 'allowed' | 'unequal';
  /** Rows of docs/differences.json that allow what differs. */
  readonly rows: readonly string[];
  /** Fields that differ, or exit codes. */
  readonly detail?: string | undefined;
}

/** A comparison under way: says what is left out. */
export interface Judging {
  readonly rows: Set<string>;
  detail?: string | undefined;
}

/** Writes a verdict where `scripts/golden.mjs` reads it; does nothing in an ordinary run of the tests. */
function recordVerdict(verdict: Verdict): void {
  const file = process.env['SLIPWAY_GOLDEN_VERDICTS'];
  if (file !== undefined && file !== '') appendFileSync(file, `${JSON.stringify(verdict)}\n`);
}

/** Runs a comparison and records how it came out: unequal when it throws, which goes on. */
export function judge(subject: Pick<Verdict, 'table' | 'case' | 'check'>, compare: (judging: Judging) => void): void {
  const judging: Judging = { rows: new Set() };
  const end = (verdict: Verdict['verdict']): void =>
    recordVerdict({ ...subject, verdict, rows: [...judging.rows].sort(), detail: judging.detail });
  try {
    compare(judging);
  } catch (error) {
    end('unequal');
    throw error;
  }
  end(judging.rows.size > 0 ? 'allowed' : 'equal');
}
