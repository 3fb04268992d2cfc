import { posix } from 'node:path';
import { SlipwayError } from '../../core/errors.ts';
import { isWithinPath } from './path-within.ts';

/** Directories that hold something else in every build. */
const TAKEN = [
  '/cnb',
  '/layers',
  '/platform',
  '/proc',
  '/sys',
  '/dev',
  '/tmp',
  '/run',
  '/etc',
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib64',
];

/** `--workspace`: where the app is, in the sandbox and in the image; without a slash in front it is below `/`, as in pack. */
export function parseWorkspace(text: string): string {
  const path = posix
    .normalize(`/${text}`)
    .replace(/^\/+/, '/')
    .replace(/(?<=.)\/$/, '');
  const isTaken = TAKEN.some((directory) => isWithinPath(path, directory) || isWithinPath(directory, path));
  if (text !== '' && path !== '/' && !isTaken && !text.includes('\0')) return path;
  throw new SlipwayError('ARGUMENT_INVALID', `the app cannot be at "${text}"`, {
    exit: 3,
    hint: 'name a directory of its own: --workspace /workspace',
  });
}
