import { readdir } from 'node:fs/promises';
import { isSystem } from './errors.ts';

/** The names in a directory, in order; none when there is no such directory. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
