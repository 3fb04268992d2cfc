import type { TestContext } from 'node:test';
import { createLocator, type Locator } from '../../src/locate/locator.ts';

/** A locator without credentials and repeats, on a machine of amd64; it closes with the test. */
export function locatorOf(test: TestContext): Locator {
  const locator = createLocator({
    registry: {
      insecure: [],
      credentials: { find: () => Promise.resolve({ trace: [] }) },
      userAgent: 'slipway-test',
      retry: { attempts: 1, baseDelayMs: 1 },
    },
    hostArchitecture: 'amd64',
  });
  test.after(() => locator[Symbol.asyncDispose]());
  return locator;
}
