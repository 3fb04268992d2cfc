import { lstatSync } from 'node:fs';
import { isSystem } from './errors.ts';

/**
 * True for a refusal by a directory on the way: whether there is such a file cannot even be seen, as in the home of another user, which a
 * program has that was root before. A file that is there and may not be read is no such case.
 */
export function isOutOfReach(path: string, error: unknown): boolean {
  if (!isSystem(error, 'EACCES')) return false;
  try {
    lstatSync(path);
    return false;
  } catch (refusal) {
    return isSystem(refusal, 'EACCES');
  }
}
