// Loaded before the tests: property tests draw the same values in every run, so that a run that was green stays green.
// SLIPWAY_TEST_SEED=random draws others, SLIPWAY_TEST_SEED=NUMBER those of a report.
import fc from 'fast-check';

const seed = process.env.SLIPWAY_TEST_SEED || '20260101';
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) });
