import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './context.ts';
import { findTool } from './peers.ts';

/** A program that Go's module proxy has, by package and version. */
export interface GoProgram {
  readonly package: string;
  readonly version: string;
}

/**
 * The path of a program built from Go's module proxy, once for a checkout. Where there is no `go`, or no proxy, the test is skipped with the
 * reason, also under `SLIPWAY_REQUIRE_PEERS=1`: Debian's Go is too old for these programs. The caller returns on undefined.
 */
export function goTool(test: TestContext, program: GoProgram): string | undefined {
  const name = program.package.split('/').at(-1) ?? '';
  const binary = resolve('.build', 'go', `${name}-${program.version}`, name);
  if (existsSync(binary)) return binary;
  const go = findTool('go');
  if (go === undefined) {
    skip(test, 'go is not installed');
    return undefined;
  }
  const directory = join(temporaryDirectory(test), 'bin');
  const built = spawnSync(go, ['install', `${program.package}@${program.version}`], {
    encoding: 'utf8',
    timeout: 300_000,
    env: { ...process.env, GOBIN: directory, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' },
  });
  if (built.status !== 0) {
    skip(test, `${name} cannot be built: ${built.stderr.trim().split('\n').at(-1) ?? ''}`);
    return undefined;
  }
  mkdirSync(join(binary, '..'), { recursive: true });
  renameSync(join(directory, name), binary);
  return binary;
}

function skip(test: TestContext, reason: string): void {
  test.diagnostic(`skipped: ${reason}`);
  test.skip(reason);
}
