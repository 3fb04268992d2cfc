import type { TestContext } from 'node:test';
import { probeSandbox } from '../../src/sandbox/choose.ts';
import { testContext } from './context.ts';
import { foreignSandbox, type ForeignStrategy } from './foreign-runs.ts';
import { missingPeer } from './peers.ts';
import { smallRoot } from './small-root.ts';

/** A root directory that the strategy runs commands in; undefined, and the test is skipped, where it does not. */
export async function foreignRoot(t: TestContext, strategy: ForeignStrategy): Promise<string | undefined> {
  const root = smallRoot(t);
  if (root === undefined) return undefined;
  const problem = await probeSandbox(foreignSandbox(strategy), testContext(t), { kind: 'directory', path: root });
  if (problem !== undefined) {
    missingPeer(t, `${strategy} does not work here: ${problem}`);
    return undefined;
  }
  return root;
}
