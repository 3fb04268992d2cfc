import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import { showPath, type BytePath } from './byte-path.ts';

/** What a system error of reading the tree means; ours pass unchanged. */
export function readError(path: BytePath, error: unknown): SlipwayError {
  if (error instanceof SlipwayError) return error;
  const shown = showPath(path);
  if (isSystem(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'ESTALE')) {
    return new SlipwayError('FILE_CHANGED', `${shown} was removed or replaced while it was packed`, {
      cause: error,
      hint: 'stop what writes to the directory and try again',
    });
  }
  const reason = isSystem(error, 'EACCES', 'EPERM') ? 'permission denied' : messageOf(error);
  return new SlipwayError('FILE_NOT_READABLE', `cannot read ${shown}: ${reason}`, {
    cause: error,
    hint: 'every file of a layer must be readable by the user that packs it',
  });
}

export interface FileState {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

export function changedError(path: BytePath, before: FileState, after: FileState): SlipwayError {
  const sizes = `${String(before.size)} bytes before, ${String(after.size)} bytes after`;
  return new SlipwayError('FILE_CHANGED', `${showPath(path)} changed while it was packed: ${sizes}`, {
    hint: 'stop what writes to the file and try again',
  });
}
