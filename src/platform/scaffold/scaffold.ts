import { chmod, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeError } from '../../core/atomic-file.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { scaffoldFiles, type ScaffoldChoice } from './scaffold-files.ts';

const ID = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?:\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)*$/;
/** Names that the specification keeps for itself. */
const RESERVED: readonly string[] = ['app', 'config', 'sbom', 'generated', 'launch', 'build', 'store'];

/**
 * Writes a new buildpack or extension into a directory that is not there or empty; returns the paths of its files. Throws
 * `ARGUMENT_INVALID` for an id that cannot be one, `WRITE_FAILED`.
 */
export async function scaffold(choice: ScaffoldChoice, directory: string): Promise<readonly string[]> {
  const { id, version, kind } = choice;
  if (!ID.test(id) || RESERVED.includes(id))
    throw new SlipwayError(
      'ARGUMENT_INVALID',
      `"${id}" cannot be the id of ${kind === 'buildpack' ? 'a' : 'an'} ${kind}`,
      {
        exit: 3,
        hint: 'write lower-case letters, digits, dots and dashes: acme/node',
      },
    );
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw new SlipwayError('ARGUMENT_INVALID', `"${version}" is no version`, { exit: 3, hint: 'write 0.1.0' });
  await refuseFull(directory);
  const files = scaffoldFiles(choice);
  for (const { path, text, isProgram } of files) {
    const file = join(directory, path);
    try {
      await makeDirectory(dirname(file));
      await writeFile(file, text, { flag: 'wx' });
      await chmod(file, isProgram ? 0o755 : 0o644);
    } catch (error) {
      throw writeError(file, error);
    }
  }
  return files.map(({ path }) => join(directory, path));
}

async function refuseFull(directory: string): Promise<void> {
  try {
    if ((await readdir(directory)).length === 0) return;
  } catch (error) {
    if (isSystem(error, 'ENOENT')) return;
    throw writeError(directory, error);
  }
  throw new SlipwayError('WRITE_FAILED', `${directory} is not empty`, {
    exit: 3,
    hint: 'name another one with --path',
  });
}
