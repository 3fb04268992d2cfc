import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { isSystem } from './errors.ts';

/** What tells one process from every other, also after its number was used again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of `/proc/PID/stat`, clock ticks since boot; '0' where there is no /proc. */
  readonly startTime: string;
  /** Eight hex digits that stand for this boot of this machine and this pid namespace: containers share a boot id, not their pids. */
  readonly boot: string;
}

/** `unknown`: of another machine, another boot or another pid namespace, whose processes cannot be seen from here. */
export type Liveness = 'alive' | 'gone' | 'unknown';

let own: ProcessIdentity | undefined;

export function ownIdentity(): ProcessIdentity {
  own ??= { pid: process.pid, startTime: statOf(process.pid)?.startTime ?? '0', boot: bootOf() };
  return own;
}

export function livenessOf(identity: ProcessIdentity): Liveness {
  if (identity.boot !== ownIdentity().boot) return 'unknown';
  const stat = statOf(identity.pid);
  if (stat === undefined) return canSignal(identity.pid) ? 'alive' : 'gone';
  return stat.startTime === identity.startTime && !stat.isDead ? 'alive' : 'gone';
}

interface Stat {
  readonly startTime: string;
  /** A zombie: killed, and not yet collected by its parent. */
  readonly isDead: boolean;
}

function statOf(pid: number): Stat | undefined {
  const text = readOptional(`/proc/${String(pid)}/stat`);
  if (text === undefined) return undefined;
  // The command name, in brackets, may hold anything; state is the first field after it and start time the twentieth.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  return startTime === undefined ? undefined : { startTime, isDead: state === 'Z' || state === 'X' };
}

/** Decides where /proc hides other users' processes, or does not exist. */
function canSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isSystem(error, 'ESRCH');
  }
}

function bootOf(): string {
  const boot = readOptional('/proc/sys/kernel/random/boot_id') ?? hostname();
  return createHash('sha256').update(boot).update(pidNamespace()).digest('hex').slice(0, 8);
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'EACCES', 'EPERM', 'EINVAL')) throw error;
    return '';
  }
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR')) return undefined;
    throw error;
  }
}
