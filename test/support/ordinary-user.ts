import { chmodSync, chownSync, lchownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Who tests are when root would see no refusal: Debian's nobody. */
export const ORDINARY: { readonly uid: number; readonly gid: number } = { uid: 65534, gid: 65534 };

/** Runs a task with the rights of an ordinary user: as root by changing the effective ids of this process for that time. */
export async function asOrdinaryUser<T>(task: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return task();
  process.setegid?.(ORDINARY.gid);
  process.seteuid?.(ORDINARY.uid);
  try {
    return await task();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

/** Hands a directory over to the ordinary user of `asOrdinaryUser`, when this is root. */
export function giveToOrdinaryUser(path: string, mode: number): void {
  if (process.getuid?.() === 0) chownSync(path, ORDINARY.uid, ORDINARY.gid);
  chmodSync(path, mode);
}

/** The same for a directory with everything in it, modes as they are. */
export function giveTreeToOrdinaryUser(directory: string): void {
  if (process.getuid?.() !== 0) return;
  chownSync(directory, ORDINARY.uid, ORDINARY.gid);
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
    lchownSync(join(directory, name), ORDINARY.uid, ORDINARY.gid);
}
