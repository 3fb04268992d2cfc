import { chmod, chown, stat } from 'node:fs/promises';
import type { SandboxUser } from './sandbox.ts';

/** True when this process may change to another user. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
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
