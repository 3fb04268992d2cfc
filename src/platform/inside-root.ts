import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { SlipwayError } from '../core/errors.ts';
import { resolveInside } from '../sandbox/root-plan.ts';

/** Where a path of an unpacked image is on this machine: its links never lead out. Throws `IMAGE_INVALID` for links without an end. */
export async function insideRoot(root: string, path: string, subject: string): Promise<string> {
  const real = await realpath(root);
  const found = join(real, await resolveInside(real, path));
  // What is left of a chain of links that is too long must not be followed by the system, out of the root.
  if ((await realpath(found).catch(() => found)) === found) return found;
  throw new SlipwayError('IMAGE_INVALID', `${path} of ${subject} is a chain of links without an end`);
}
