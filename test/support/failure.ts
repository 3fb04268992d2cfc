import assert from 'node:assert/strict';
import { SlipwayError } from '../../src/core/errors.ts';

/** The `SlipwayError` that a call throws; anything else thrown passes, and not throwing fails the test. */
export function failureOf(call: () => unknown): SlipwayError {
  try {
    call();
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
  return assert.fail('it did not throw');
}

/** The `SlipwayError` that a promise is rejected with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<SlipwayError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
  return assert.fail('it was not rejected');
}
