import { readFile, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import type { BindingRequest } from '../../options/build/binding.ts';
import { isWithinPath } from '../../options/build/path-within.ts';
import type { Mount } from '../../sandbox/sandbox.ts';

export interface BindingOptions {
  readonly bindings?: readonly BindingRequest[];
}

/** Where buildpacks look for them (CNB bindings extension). */
export const BINDINGS_DIRECTORY = '/platform/bindings';

/**
 * Each binding as a read-only mount: nothing is copied, so nothing of it can stay behind. Links inside it work, as a mounted
 * Kubernetes secret has them (`type` → `..data/type` → `..2026_01_01/type`). Throws `FILE_NOT_FOUND` and `FILE_INVALID` (exit 3).
 */
export async function bindingMounts(bindings: readonly BindingRequest[], cwd: string): Promise<readonly Mount[]> {
  const mounts: Mount[] = [];
  for (const { name, directory } of bindings) {
    const source = await bindingDirectory(name, resolve(cwd, directory), directory);
    mounts.push({ source, target: `${BINDINGS_DIRECTORY}/${name}`, writable: false });
  }
  return mounts;
}

async function bindingDirectory(name: string, path: string, shown: string): Promise<string> {
  try {
    if (!(await stat(path)).isDirectory()) throw invalid(name, shown, 'it is no directory');
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) throw error;
    throw new SlipwayError('FILE_NOT_FOUND', `--binding ${name}: there is no directory ${shown}`, {
      exit: 3,
      cause: error,
    });
  }
  const real = await realpath(path);
  await checkType(name, real, shown);
  return real;
}

/** The service binding specification asks for a `type`; buildpacks pass over a binding without one, and nobody learns why. */
async function checkType(name: string, real: string, shown: string): Promise<void> {
  const file = join(real, 'type');
  try {
    if ((await readFile(file, 'utf8')).trim() === '') throw invalid(name, shown, 'its file type is empty');
    if (!isWithinPath(await realpath(file), real))
      throw invalid(name, shown, 'its file type is a link that leads out of it');
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'ELOOP')) throw error;
    throw invalid(name, shown, 'it has no file type that can be read');
  }
}

function invalid(name: string, shown: string, why: string): SlipwayError {
  return new SlipwayError('FILE_INVALID', `--binding ${name}=${shown}: ${why}`, {
    exit: 3,
    hint: 'a binding is a directory with a file type, often a file provider, and a file for each value',
  });
}
