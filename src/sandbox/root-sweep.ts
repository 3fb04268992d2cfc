import { spawnSync } from 'node:child_process';
import { isSystem } from '../core/errors.ts';
import { OWN_ENV } from './own-env.ts';
import type { SandboxUser } from './sandbox.ts';

/**
 * Kills every process of a user whose root directory is `root`, until there is none. A process without capabilities cannot leave
 * its root, so nothing escapes this by leaving its group or session.
 */
export function sweepRoot(root: string, user: SandboxUser): void {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const pids = processesIn(root, user);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
  }
}

/** A process that forks while it is killed takes more than one round. */
const MAX_ROUNDS = 200;

/** Asked as that user: root in a container may not look into processes of others. */
function processesIn(root: string, { uid, gid }: SandboxUser): readonly number[] {
  const done = spawnSync('/bin/sh', ['-c', 'ls -ld /proc/[0-9]*/root 2>/dev/null'], {
    encoding: 'utf8',
    env: OWN_ENV,
    maxBuffer: 16 << 20,
    uid,
    gid,
  });
  return done.stdout.split('\n').flatMap((line) => {
    const match = / \/proc\/(\d+)\/root -> (.*)$/.exec(line);
    return match?.[2] === root ? [Number(match[1])] : [];
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isSystem(error, 'ESRCH')) throw error;
  }
}
