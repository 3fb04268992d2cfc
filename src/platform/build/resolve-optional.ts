import { resolve } from 'node:path';

/** A path of an option against the working directory; nothing stays nothing. */
export function resolveOptional(cwd: string, path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(cwd, path);
}
