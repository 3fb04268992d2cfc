import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EnvFile } from '../cnb/env.ts';
import { utf8 } from '../core/bytes.ts';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import type { ReadBounds } from './read-file.ts';
import { readInside } from './read-inside.ts';

/**
 * The files of an environment directory in byte order of their names, with their contents as they are; [] when it does not exist
 * (contract §7.4, §12.3). Directories and links to directories are skipped. Throws `FILE_NOT_FOUND` for a dangling link,
 * `FILE_NOT_READABLE`, `FILE_INVALID` for a value that an environment cannot hold (NUL, bytes that are not UTF-8), and
 * `BUILDPACK_INVALID` for a link that leads out of the bounds.
 */
export async function readEnvDirectory(directory: string, bounds: ReadBounds = {}): Promise<readonly EnvFile[]> {
  const names = await readNames(directory);
  const files = await Promise.all(names.map((name) => readEnvFile(directory, name, bounds)));
  return files.filter((file) => file !== undefined);
}

async function readNames(directory: string): Promise<readonly Buffer[]> {
  try {
    return (await readdir(directory, { encoding: 'buffer' })).sort((a, b) => Buffer.compare(a, b));
  } catch (error) {
    if (isSystem(error, 'ENOENT')) return [];
    throw unreadable(directory, error);
  }
}

async function readEnvFile(directory: string, rawName: Buffer, { within }: ReadBounds): Promise<EnvFile | undefined> {
  const name = utf8(rawName);
  if (name === undefined) throw invalid(join(directory, rawName.toString()), 'a name that is not UTF-8');
  const path = join(directory, name);
  try {
    if (!(await stat(path)).isFile()) return undefined;
    const bytes = await (within === undefined ? readFile(path) : readInside(path, within));
    return { name, value: textOf(path, bytes) };
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    throw unreadable(path, error);
  }
}

function textOf(path: string, bytes: Uint8Array): string {
  const text = utf8(bytes);
  if (text === undefined) throw invalid(path, 'bytes that are not UTF-8');
  if (text.includes('\0')) throw invalid(path, 'a NUL byte');
  return text;
}

function invalid(path: string, what: string): SlipwayError {
  return new SlipwayError('FILE_INVALID', `environment file ${path} has ${what}`, { details: { file: path } });
}

function unreadable(path: string, error: unknown): SlipwayError {
  const isMissing = isSystem(error, 'ENOENT');
  const reason = isMissing ? 'no such file or directory' : messageOf(error);
  return new SlipwayError(isMissing ? 'FILE_NOT_FOUND' : 'FILE_NOT_READABLE', `open ${path}: ${reason}`, {
    cause: error,
    details: { file: path },
  });
}
