import { SlipwayError } from '../core/errors.ts';
import { showPath, type BytePath } from './byte-path.ts';
import type { Refusal } from './guarded-tree.ts';

/** What a name may hold that is more than parts with slashes between them; also names of dot files. */
const UNCLEAN = /^\.|\/[./]|\/$|^$|\0/;

/** An absolute path without `.` and empty parts; `/` for the root itself. Throws for one with `..` or a NUL byte. */
export function cleanPath(name: BytePath, refusal: Refusal): BytePath {
  if (!UNCLEAN.test(name)) return name.startsWith('/') ? name : `/${name}`;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw refusal.escape('has ".." in its name or target');
  if (name.includes('\0')) throw refusal.escape('has a NUL byte in its name or target');
  return `/${parts.join('/')}`;
}

/** Errors about one entry of a layer, which name both. */
export function refusalOf(subject: string, name: BytePath): Refusal {
  const text = (problem: string): string => `${subject}: entry "${showPath(name.slice(0, 500))}" ${problem}`;
  return {
    escape: (problem) => new SlipwayError('ARCHIVE_UNSAFE', text(problem)),
    invalid: (problem) => new SlipwayError('ARCHIVE_INVALID', text(problem)),
  };
}
