import type { SandboxUser } from './sandbox.ts';

/** True when this process may change to another user. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The ids to drop to: only root can, and only to somebody else. */
export function dropTo(user: SandboxUser | undefined): SandboxUser | undefined {
  return user !== undefined && user.uid !== 0 && isRoot() ? user : undefined;
}
