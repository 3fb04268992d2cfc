import { readFile } from 'node:fs/promises';
import { isSystem, messageOf, retold, SlipwayError, systemCode } from '../core/errors.ts';
import { readInside } from './read-inside.ts';

/** How a reader words what went wrong. */
export interface ReadWording {
  /** Put in front of the reason: `failed to read group file: `. */
  readonly prefix: string;
  /** Exit code that the contract names, if any. */
  readonly exit?: number;
  /** What to do about a missing file. */
  readonly hint?: string;
}

/** Where a file that a buildpack left may lie. */
export interface ReadBounds {
  /** Links may not lead out of this directory (`BUILDPACK_INVALID`). */
  readonly within?: string;
}

/** The bytes of a file, or undefined when it does not exist. Anything else is `FILE_NOT_READABLE`. */
export async function readIfPresent(
  path: string,
  wording: ReadWording,
  { within }: ReadBounds = {},
): Promise<Uint8Array | undefined> {
  try {
    return await (within === undefined ? readFile(path) : readInside(path, within));
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (error instanceof SlipwayError) throw error;
    throw new SlipwayError('FILE_NOT_READABLE', `${wording.prefix}open ${path}: ${reasonOf(error)}`, {
      cause: error,
      details: { file: path },
      ...exitOf(wording),
    });
  }
}

/** The bytes of a file that must be there: else `FILE_NOT_FOUND` in the Go lifecycle's words. */
export async function readRequired(path: string, wording: ReadWording): Promise<Uint8Array> {
  const bytes = await readIfPresent(path, wording);
  if (bytes !== undefined) return bytes;
  throw new SlipwayError('FILE_NOT_FOUND', `${wording.prefix}open ${path}: no such file or directory`, {
    details: { file: path },
    ...(wording.hint === undefined ? {} : { hint: wording.hint }),
    ...exitOf(wording),
  });
}

/** Runs a decoder; its error gets the prefix and the exit code, and keeps code, details and hint. */
export function decodeWith<T>(wording: ReadWording, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    throw retold(error, { message: `${wording.prefix}${error.message}`, exit: wording.exit });
  }
}

function exitOf(wording: ReadWording): { readonly exit?: number } {
  return wording.exit === undefined ? {} : { exit: wording.exit };
}

/** In the words of the C library, as the Go lifecycle prints them. */
function reasonOf(error: unknown): string {
  const known: Readonly<Record<string, string>> = {
    EACCES: 'permission denied',
    EISDIR: 'is a directory',
    ELOOP: 'too many levels of symbolic links',
  };
  return known[systemCode(error) ?? ''] ?? messageOf(error);
}
