import { readFile } from 'node:fs/promises';
import { isWithin } from './root-tree.ts';

/** One mount of this process's view of the machine. */
export interface MountPoint {
  readonly path: string;
  /** Options that only more privileged code may take away from it: `nosuid`, `nodev`, `noexec`. */
  readonly flags: readonly string[];
}

/** The mounts of this process, from /proc/self/mountinfo. */
export async function readMountTable(): Promise<readonly MountPoint[]> {
  return parseMountTable(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html: the fifth field is the path, the sixth the options. */
function parseMountTable(text: string): readonly MountPoint[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, , , , path = '', options = ''] = line.split(' ');
      return {
        path: path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
        flags: options.split(',').filter((option) => LOCKED.includes(option)),
      };
    });
}

/** What a bind of `path` must keep, since a user namespace may not drop it. */
export function flagsAt(path: string, table: readonly MountPoint[]): readonly string[] {
  // Later mounts lie over earlier ones.
  const covering = table.filter((mount) => isWithin(path, mount.path));
  return (
    covering.reduce<MountPoint | undefined>(
      (best, mount) => (best === undefined || mount.path.length >= best.path.length ? mount : best),
      undefined,
    )?.flags ?? []
  );
}

/** The mounts that come along when `path` is bound with all below it. */
export function mountsBelow(path: string, table: readonly MountPoint[]): readonly MountPoint[] {
  return table.filter((mount) => mount.path !== path && isWithin(mount.path, path));
}

const LOCKED: readonly string[] = ['nosuid', 'nodev', 'noexec'];
