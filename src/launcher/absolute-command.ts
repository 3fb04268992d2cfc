import { posix } from 'node:path';
import type { Obstacle } from './obstacle.ts';

/** What container runtimes take where an image sets no PATH. */
const RUNTIME_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * A bare command name as the absolute path that a launcher would find in PATH (launcher.md §6): the runtime of an image without
 * launcher would look in the PATH of its run time. Others stay as they are.
 */
export async function absoluteCommand(
  command: string,
  path: string = RUNTIME_PATH,
  findProgram: (paths: readonly string[]) => Promise<string | undefined>,
): Promise<string | Obstacle> {
  if (command.includes('/')) return command;
  const directories = path.split(':').filter((directory) => directory.startsWith('/'));
  const found = await findProgram(directories.map((directory) => posix.join(directory, command)));
  return found ?? { obstacle: `its command ${command} is in no directory of PATH (${path})` };
}
