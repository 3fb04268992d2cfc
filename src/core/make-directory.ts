import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SlipwayError } from './errors.ts';

/**
 * Makes a directory with those above it; returns the first one made, undefined when all were there. Nothing can be made below
 * `/proc`, and Node 20's own recursive mkdir never returns there: refused with `WRITE_FAILED`. Other system errors pass unchanged.
 */
export async function makeDirectory(
  path: string,
  options: { readonly mode?: number } = {},
): Promise<string | undefined> {
  if (/^\/proc(\/|$)/.test(resolve(path))) {
    throw new SlipwayError('WRITE_FAILED', `cannot write ${path}: /proc holds no files of ours`, {
      hint: 'choose a place this user may write to',
    });
  }
  return mkdir(path, { recursive: true, ...options });
}
