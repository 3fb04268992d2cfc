import { readFileSync } from 'node:fs';
import { chmod, chown, stat } from 'node:fs/promises';
import type { SandboxUser } from './sandbox.ts';

/** True when this process may change to another user: as root, unless its user namespace knows nobody else. */
export function isRoot(): boolean {
  return process.getuid?.() === 0 && knowsOthers();
}

/** Where a namespace maps one id alone (`unshare -r`, some rootless containers) root is an ordinary user with another number. */
function knowsOthers(): boolean {
  try {
    const lines = readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n');
    return lines.some((line) => Number(line.trim().split(/\s+/)[2]) > 1) || lines.length > 1;
  } catch {
    // Without /proc nothing is known: whoever cannot change is told by the system.
    return true;
  }
}

/** The ids to drop to: only root can, and only to somebody else. */
export function dropTo(user: SandboxUser | undefined): SandboxUser | undefined {
  return user !== undefined && user.uid !== 0 && isRoot() ? user : undefined;
}

/** Lets the group of the user that commands drop to pass through a private directory of ours; nobody else, and no listing. */
export async function letIn(directory: string, user: SandboxUser): Promise<void> {
  if (dropTo(user) === undefined) return;
  await chown(directory, (await stat(directory)).uid, user.gid);
  await chmod(directory, 0o710);
}
