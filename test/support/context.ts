import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Clock } from '../../src/core/clock.ts';
import type { Context, Product } from '../../src/core/context.ts';
import type { Event } from '../../src/core/events.ts';
import { createLimiter } from '../../src/core/limiter.ts';

/** Recorded product values of the golden data. */
export const GOLDEN_PRODUCT: Product = {
  version: '0.0.0',
  commit: '4bd4b13e',
  repository: 'github.com/buildpacks/lifecycle',
};

export interface TestContextOf extends Context {
  readonly events: Event[];
}

/** A context with a fixed clock, a temporary directory that goes with the test, and every event kept. */
export function testContext(
  test: TestContext,
  options: { readonly product?: Product; readonly signal?: AbortSignal } = {},
): TestContextOf {
  const events: Event[] = [];
  return {
    signal: options.signal ?? new AbortController().signal,
    clock: fixedClock(),
    emit: (event) => void events.push(event),
    tmp: temporaryDirectory(test),
    limiter: createLimiter(4),
    product: options.product ?? { version: '0.1.0', commit: '', repository: 'github.com/slipway/slipway' },
    events,
  };
}

/** An empty directory that is removed after the test. Others may look into it, since buildpacks of a root-run test are another user. */
export function temporaryDirectory(test: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'slipway-test-'));
  chmodSync(directory, 0o755);
  test.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function fixedClock(): Clock {
  let ms = 0;
  return { now: () => new Date(Date.UTC(2026, 0, 1)), monotonicMs: () => (ms += 1) };
}
