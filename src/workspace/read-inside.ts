import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { SlipwayError } from '../core/errors.ts';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The bytes of a file that a buildpack left. A buildpack in a sandbox must not read through us what it cannot read itself, nor keep us
 * waiting: a link out of `root`, a pipe or a device is `BUILDPACK_INVALID`. System errors pass unchanged. No buildpack may run meanwhile.
 */
export async function readInside(path: string, root: string): Promise<Buffer> {
  const [real, inside] = await Promise.all([realpath(path), realpath(root)]);
  if (!real.startsWith(`${inside}/`))
    throw new SlipwayError('BUILDPACK_INVALID', `${path} is a link that leads out of ${root}`);
  await using file = await open(real, FLAGS);
  const stats = await file.stat();
  if (!stats.isFile() && !stats.isDirectory())
    throw new SlipwayError('BUILDPACK_INVALID', `${path} is neither a file nor a directory`);
  return await file.readFile();
}
