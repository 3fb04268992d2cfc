import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { SlipwayError } from '../../src/core/errors.ts';
import { faultBed, type FaultBed, type FaultedOperation } from '../support/fault-bed.ts';
import { FAULT_ROWS, type FaultRow } from '../support/fault-rows.ts';

/** How the rows came out; `npm run docs` makes docs/reference/registry-faults.md of it. `SLIPWAY_WRITE_FAULTS=1` writes it anew. */
const TABLE = 'docs/registry-faults.json';
const LIMIT_MS = 20_000;

/** One cell of the matrix as a user sees it. */
interface Outcome {
  readonly group: string;
  readonly fault: string;
  readonly operation: FaultedOperation;
  /** A warning announced that a request is repeated. */
  readonly isRepeated: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly exit: number;
  readonly result: string;
}

const outcomes = new Map<string, Outcome>();

describe('the fault matrix of the registry client', { concurrency: 4 }, () => {
  for (const row of FAULT_ROWS)
    for (const operation of row.operations)
      it(
        `${row.fault}: ${operation} ${row.fails === undefined ? 'ends right' : `fails with ${row.fails}`}`,
        { timeout: LIMIT_MS },
        async (t) => {
          const bed = await faultBed(t, row.bed);
          outcomes.set(nameOf(row.fault, operation), await tried(bed, row, operation));
          assert.deepEqual(bed.other.leaked(), [], 'credentials reached another origin');
          assert.equal(bed.other.requests.length > 0, row.reachesOther === true, 'the other origin was asked');
        },
      );

  // Rows run side by side: this comes when all of them have ended.
  after(() => {
    const table = FAULT_ROWS.flatMap(({ fault, operations }) =>
      operations.flatMap((operation) => outcomes.get(nameOf(fault, operation)) ?? []),
    );
    if (process.env['SLIPWAY_WRITE_FAULTS'] === '1') writeFileSync(TABLE, `${JSON.stringify(table, undefined, 2)}\n`);
    else assert.deepEqual(table, JSON.parse(readFileSync(TABLE, 'utf8')), 'SLIPWAY_WRITE_FAULTS=1 writes it anew');
  });
});

function nameOf(fault: string, operation: FaultedOperation): string {
  return `${operation}: ${fault}`;
}

async function tried(bed: FaultBed, row: FaultRow, operation: FaultedOperation): Promise<Outcome> {
  const { group, fault } = row;
  let error: unknown;
  try {
    await bed.run(operation);
  } catch (thrown) {
    error = thrown;
  }
  const about = { group, fault, operation, isRepeated: bed.isRepeated() };
  if (error === undefined) {
    assert.equal(row.fails, undefined, 'it ended right');
    await bed.assertDone(operation);
    return { ...about, exit: 0, result: 'whole' };
  }
  if (!(error instanceof SlipwayError)) throw new Error('no error of ours', { cause: error });
  const isRunImage = error.code === 'RUN_IMAGE_UNUSABLE' && error.cause instanceof SlipwayError;
  const { code } = isRunImage && error.cause instanceof SlipwayError ? error.cause : error;
  assert.equal(code, row.fails, `${error.message} ${JSON.stringify(error.details)}`);
  await bed.assertIntact(operation);
  const exit = error.exit ?? (operation === 'analyze' ? 32 : 1);
  return { ...about, code: error.code, message: bed.plain(error.message), exit, result: 'as before' };
}
