import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  openSync,
  readSync,
  utimesSync,
  chmodSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { writeError } from '../core/atomic-file.ts';
import { messageOf, SlipwayError, systemCode } from '../core/errors.ts';
import type { Owner } from '../layer/place.ts';

/** A file to be copied: where it is, where it goes, and what `lstat` says of it. */
export interface FileCopy {
  readonly from: Buffer;
  readonly to: Buffer;
  readonly stats: Stats;
  readonly owner: Owner | undefined;
}

const BUFFER_SIZE = 256 * 1024;
const READ = constants.O_RDONLY | constants.O_NOFOLLOW;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Copies one file after the other with mode and times; large ones by reference where the file system can, which is tried once for each.
 * Not by `copyFile`: that truncates the new file before it writes, which ext4 takes for a file that is replaced and whose bytes must
 * reach the disk when it is closed. Throws `FILE_NOT_READABLE`, `WRITE_FAILED` or `DISK_FULL` naming the path.
 */
export function createFileCopier(): (file: FileCopy) => void {
  const buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  const plain = new Set<number>();
  return (file) => {
    const { stats } = file;
    if (stats.size > BUFFER_SIZE && !plain.has(stats.dev)) {
      if (isCloned(file)) return;
      plain.add(stats.dev);
    }
    copyBytes(file, buffer);
  };
}

/** Owner first: changing it clears set-id bits. */
export function applyFacts(to: Buffer, stats: Stats, owner: Owner | undefined): void {
  writable(to, () => {
    if (owner !== undefined) lchownSync(to, owner.uid, owner.gid);
    chmodSync(to, stats.mode & 0o7777);
    utimesSync(to, seconds(stats.atimeMs), seconds(stats.mtimeMs));
  });
}

export function readable<T>(path: Buffer, task: () => T): T {
  try {
    return task();
  } catch (error) {
    throw new SlipwayError('FILE_NOT_READABLE', `cannot copy ${path.toString()}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

export function writable<T>(path: Buffer, task: () => T): T {
  try {
    return task();
  } catch (error) {
    throw writeError(path.toString(), error);
  }
}

function isCloned({ from, to, stats, owner }: FileCopy): boolean {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
  applyFacts(to, stats, owner);
  return true;
}

function copyBytes({ from, to, stats, owner }: FileCopy, buffer: Buffer): void {
  const source = readable(from, () => openSync(from, READ));
  try {
    const target = writable(to, () => openSync(to, CREATE, 0o600));
    try {
      for (let rest = stats.size; rest > 0;) {
        const length = readable(from, () => readSync(source, buffer, 0, Math.min(rest, BUFFER_SIZE), null));
        if (length === 0) break;
        writable(to, () => {
          for (let at = 0; at < length;) at += writeSync(target, buffer, at, length - at);
        });
        rest -= length;
      }
      writable(to, () => {
        if (owner !== undefined) fchownSync(target, owner.uid, owner.gid);
        fchmodSync(target, stats.mode & 0o7777);
        futimesSync(target, seconds(stats.atimeMs), seconds(stats.mtimeMs));
      });
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** Node cuts times off after microseconds: half of one more, so that it rounds. */
function seconds(ms: number): number {
  return (ms + 0.0005) / 1000;
}
