import { stat } from 'node:fs/promises';
import { isSystem } from './errors.ts';

/** What is at a path, links followed; undefined when nothing is. `file` is all that is no directory. System errors pass unchanged. */
export async function pathKind(path: string): Promise<'file' | 'directory' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
