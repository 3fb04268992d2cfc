import { closeSync, constants, fstatSync, openSync, statfsSync } from 'node:fs';
import { isSystem } from '../core/errors.ts';
import { toBuffer, type BytePath } from './byte-path.ts';

/**
 * File systems of this machine's kernel whose inode numbers last and whose times the kernel itself sets, from one clock. Everything else
 * (overlayfs, 9p, virtiofs, FUSE, NFS, FAT, …) has numbers that change, or times of another machine or of two seconds.
 */
const LOCAL = new Map<number, string>([
  [0xef53, 'ext'],
  [0x5846_5342, 'xfs'],
  [0x9123_683e, 'btrfs'],
  [0x0102_1994, 'tmpfs'],
  [0xf2f5_2010, 'f2fs'],
  [0xca45_1a4e, 'bcachefs'],
]);

/** `__O_TMPFILE` of Linux, which Node does not name: a file without a name, so that no directory changes. */
const O_TMPFILE = 0o20_000_000 | constants.O_DIRECTORY;

/** Whether times and inode numbers below a directory tell of every change. */
export function hasReliableTimes(directory: BytePath): boolean {
  try {
    return LOCAL.has(statfsSync(toBuffer(directory)).type);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ENOSYS')) return false;
    throw error;
  }
}

/**
 * The time in nanoseconds that a file would get that is made there now. Where this user may not write there, another such file system tells: one kernel
 * sets the times of all of them. Undefined where none can be asked.
 */
export function fileTimeNs(directory: BytePath, others: readonly BytePath[]): bigint | undefined {
  for (const place of [directory, ...others]) {
    const nowNs = hasReliableTimes(place) ? ask(place) : undefined;
    if (nowNs !== undefined) return nowNs;
  }
  return undefined;
}

function ask(directory: BytePath): bigint | undefined {
  let file: number | undefined;
  try {
    file = openSync(toBuffer(directory), O_TMPFILE | constants.O_WRONLY, 0o600);
    return fstatSync(file, { bigint: true }).ctimeNs;
  } catch (error) {
    if (isSystem(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR', 'EINVAL', 'ENOSPC', 'EDQUOT'))
      return undefined;
    throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
