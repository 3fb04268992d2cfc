import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';

/** The path of a program on PATH or in the places of system programs; undefined when the machine has it not. */
export function findTool(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/bin'];
  return directories
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

/**
 * The path of a program that a test compares us with. Absent: the test is skipped with the reason (the caller returns on undefined),
 * or fails where `SLIPWAY_REQUIRE_PEERS=1` says that all of them must be there.
 */
export function requirePeer(test: TestContext, name: string): string | undefined {
  const path = findTool(name);
  if (path === undefined) missingPeer(test, `${name} is not installed`);
  return path;
}

/** Skips the test for what lies outside of the machine, or is too large to ask for, wherever the tests run. */
export function missingOutside(test: TestContext, reason: string): void {
  test.diagnostic(`skipped: ${reason}`);
  test.skip(reason);
}

/** Skips the test for a reason about the machine, or fails it under `SLIPWAY_REQUIRE_PEERS=1`. */
export function missingPeer(test: TestContext, reason: string): void {
  if (process.env['SLIPWAY_REQUIRE_PEERS'] === '1') throw new Error(`peer required: ${reason}`);
  missingOutside(test, reason);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
