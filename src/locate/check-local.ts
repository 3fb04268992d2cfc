import { access, constants, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { writeError } from '../core/atomic-file.ts';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import { pathKind } from '../core/path-kind.ts';

/** Throws `FILE_NOT_READABLE` for what is there and cannot be read; absence is fine. */
export async function checkLocalReadable(path: string): Promise<void> {
  try {
    const isDirectory = (await stat(path)).isDirectory();
    await access(path, isDirectory ? constants.R_OK | constants.X_OK : constants.R_OK);
    if (isDirectory) await access(join(path, 'index.json'), constants.R_OK);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return;
    throw new SlipwayError('FILE_NOT_READABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Throws `WRITE_FAILED` when no layout can be written to the directory, existing or not. */
export async function checkLayoutWritable(directory: string): Promise<void> {
  const kind = await kindOf(directory);
  if (kind === 'file') {
    throw new SlipwayError('WRITE_FAILED', `cannot write the layout ${directory}: it is a file`, {
      hint: 'choose another directory, or write an archive with oci-archive:FILE or docker-archive:FILE',
    });
  }
  await checkDirectory(kind === 'directory' ? directory : dirname(resolve(directory)), directory);
}

/** Throws `WRITE_FAILED` when no archive can be put in the place of the file, existing or not. */
export async function checkArchiveWritable(file: string): Promise<void> {
  if ((await kindOf(file)) === 'directory') {
    throw new SlipwayError('WRITE_FAILED', `cannot write the archive ${file}: it is a directory`, {
      hint: 'name a file, or write an OCI layout directory with oci:DIR',
    });
  }
  await checkDirectory(dirname(resolve(file)), file);
}

/** The directory, or the nearest parent that exists, takes new names. */
async function checkDirectory(directory: string, wanted: string): Promise<void> {
  const kind = await kindOf(directory);
  const parent = dirname(directory);
  if (kind === undefined && parent !== directory) return checkDirectory(parent, wanted);
  if (kind === 'file') throw new SlipwayError('WRITE_FAILED', `cannot write ${wanted}: ${directory} is a file`);
  try {
    await access(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw writeError(wanted, error);
  }
}

async function kindOf(path: string): Promise<'file' | 'directory' | undefined> {
  try {
    return await pathKind(path);
  } catch (error) {
    throw writeError(path, error);
  }
}
