import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { missingPeer } from './peers.ts';
import { NODE, type ProgramOptions, type ProgramResult } from './program.ts';

/** Shell text as it is, or the arguments of `dist/bin/slipway.js`. */
export type MountStep = string | readonly string[];

/** True where mounts can be made that only the program under test sees; otherwise the test is skipped with the reason. */
export function canMountPrivately(test: TestContext): boolean {
  const reason = process.getuid?.() === 0 ? probe() : 'mounts need root';
  if (reason !== undefined) missingPeer(test, reason);
  return reason === undefined;
}

/**
 * Runs steps one after the other in a mount namespace of their own, and returns a result for each run of the program. Whatever is
 * mounted there is gone afterwards, so what a test wants to see of it has to be copied or listed by a shell step.
 */
export function inPrivateMounts(
  scratch: string,
  steps: readonly MountStep[],
  options: ProgramOptions,
): readonly ProgramResult[] {
  mkdirSync(scratch, { recursive: true });
  let runs = 0;
  const lines = steps.map((step) => (typeof step === 'string' ? step : runLine(step, join(scratch, String(runs++)))));
  const file = join(scratch, 'steps.sh');
  writeFileSync(file, ['set -eu', 'mount --make-rprivate /', ...lines, ''].join('\n'));
  const done = spawnSync('unshare', ['--mount', '--', '/bin/sh', file], {
    encoding: 'utf8',
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', NO_COLOR: '1', LC_ALL: 'C.UTF-8', ...options.env },
  });
  if (done.status !== 0) throw new Error(`the steps ended with ${String(done.status)}: ${done.stderr}${done.stdout}`);
  return Array.from({ length: runs }, (_, index) => {
    const read = (name: string): string => readFileSync(join(scratch, `${String(index)}.${name}`), 'utf8');
    return { code: Number(read('code')), signal: null, stdout: read('out'), stderr: read('err') };
  });
}

function runLine(args: readonly string[], out: string): string {
  const argv = [NODE, '--enable-source-maps', resolve('dist/bin/slipway.js'), ...args].map(quoted).join(' ');
  return `code=0; ${argv} >${out}.out 2>${out}.err </dev/null || code=$?; echo $code >${out}.code`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function probe(): string | undefined {
  const script = 'mount --make-rprivate / && mount -t tmpfs tmpfs /mnt';
  const { status, stderr } = spawnSync('unshare', ['--mount', '--', '/bin/sh', '-c', script], { encoding: 'utf8' });
  return status === 0 ? undefined : `unshare --mount does not work here: ${stderr.trim()}`;
}
