import { join, resolve } from 'node:path';
import { writeError } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { hasCode, systemCode } from '../../core/errors.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { pathKind } from '../../core/path-kind.ts';
import type { BuildDirs } from '../../phases/build-dirs.ts';
import { removeTree } from '../../layer/remove-tree.ts';
import { copyTree } from '../../workspace/copy-tree.ts';
import type { BuildOptions } from './options.ts';

/**
 * Runs the build, then copies its SBOM files to `<sbomOutputDir>/sbom`, in the place of an earlier build's: also when an output failed,
 * since the image was made then.
 */
export async function keepingSboms<T>(
  { sbomOutputDir, machine }: BuildOptions,
  dirs: BuildDirs,
  ctx: Context,
  build: () => Promise<T>,
): Promise<T> {
  if (sbomOutputDir === undefined) return build();
  const to = resolve(machine.cwd, sbomOutputDir);
  try {
    const result = await build();
    await copySboms(sbomsOf(dirs), to, ctx);
    return result;
  } catch (error) {
    if (hasCode(error, 'OUTPUT_FAILED')) await copySboms(sbomsOf(dirs), to, ctx);
    throw error;
  }
}

/** Where a build has them. */
export function sbomsOf({ layers }: BuildDirs): string {
  return join(layers.real, 'sbom');
}

/** Copies SBOM files to `<to>/sbom`, in the place of what is there. Throws `WRITE_FAILED`, `DISK_FULL`. */
export async function copySboms(from: string, to: string, ctx: Context): Promise<void> {
  const own = join(to, 'sbom');
  try {
    await makeDirectory(to);
    await removeTree(own, ctx);
    if ((await pathKind(from)) === undefined) return;
    await makeDirectory(own);
    await copyTree(from, own, ctx);
  } catch (error) {
    throw systemCode(error) === undefined ? error : writeError(own, error);
  }
}
