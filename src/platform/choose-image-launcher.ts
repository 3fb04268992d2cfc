import { readFile } from 'node:fs/promises';
import type { PlatformFeatures } from '../cnb/features.ts';
import type { BuildMetadata } from '../cnb/process.ts';
import type { Context } from '../core/context.ts';
import { isSystem } from '../core/errors.ts';
import { isScratch, type BaseImage } from '../image/plan.ts';
import { chooseLauncher, parseLauncherChoice, type ChosenLauncher } from '../launcher/choose.ts';
import { findInLayers } from '../layer/find-file.ts';

export interface LauncherRequest {
  /** `auto`, `builder`, `shell`, `none` or a path. */
  readonly choice: string;
  readonly metadata: BuildMetadata;
  readonly features: PlatformFeatures;
  readonly base: BaseImage;
}

/** Chooses the launcher of an image and says so in an event (design §1.2). */
export async function chooseImageLauncher(request: LauncherRequest, ctx: Context): Promise<ChosenLauncher> {
  const { base } = request;
  const chosen = await chooseLauncher(parseLauncherChoice(request.choice), {
    metadata: request.metadata,
    features: request.features,
    platform: base.platform,
    readFile: readOptional,
    hasShell: async () => {
      if (isScratch(base)) return false;
      const found = await findInLayers(base.layers, ['/bin/sh'], ctx);
      return found['/bin/sh'] === 'file' || found['/bin/sh'] === 'symlink';
    },
  });
  ctx.emit({ type: 'launcher.chosen', kind: chosen.kind, reason: chosen.reason });
  return chosen;
}

async function readOptional(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}
