import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { escapeId } from '../../cnb/module.ts';
import { writeError } from '../../core/atomic-file.ts';
import type { ExtensionOutput } from './read-output.ts';

const EXTEND_CONFIG = 'extend-config.toml';

/** Renames a run.Dockerfile that does not count, so that no extender applies it. */
export async function setAside(output: ExtensionOutput): Promise<void> {
  const path = join(output.directory, 'run.Dockerfile');
  await writing(path, () => rename(path, `${path}.ignore`));
}

/**
 * The layout of Platform API < 0.13: `<generated>/{build,run}/<id>/Dockerfile` with the extend-config.toml beside it (contract §8). What
 * an earlier run left for the extension goes.
 */
export async function keepByKind(
  output: ExtensionOutput,
  { to, isIgnored }: { readonly to: string; readonly isIgnored: boolean },
): Promise<void> {
  for (const kind of ['build', 'run'] as const) {
    const directory = join(to, kind, escapeId(output.id));
    await writing(directory, () => rm(directory, { recursive: true, force: true }));
    if (output[kind] === undefined) continue;
    const name = kind === 'run' && isIgnored ? 'Dockerfile.ignore' : 'Dockerfile';
    await writing(directory, async () => {
      await mkdir(directory, { recursive: true });
      await copyFile(join(output.directory, `${kind}.Dockerfile`), join(directory, name));
      if (output.hasConfig) await copyFile(join(output.directory, EXTEND_CONFIG), join(directory, EXTEND_CONFIG));
    });
  }
}

async function writing(path: string, task: () => Promise<unknown>): Promise<void> {
  try {
    await task();
  } catch (error) {
    throw writeError(path, error);
  }
}
