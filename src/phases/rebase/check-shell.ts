import type { Context } from '../../core/context.ts';
import { findInLayers } from '../../layer/find-file.ts';
import type { Layer } from '../../ports/blob.ts';
import type { Image } from '../../ports/image.ts';
import type { Obstacle } from './obstacle.ts';

const LAUNCHER_KIND = 'io.slipway.launcher.kind';
const SHELL = '/bin/sh';
/** What the shell launcher uses where it is there (launcher.md §7). */
const HELPERS = ['/bin/bash', '/usr/bin/env', '/usr/bin/xargs'];

/**
 * An image whose launcher is a shell program starts on no base without `/bin/sh`. Looks into layers of the new base, and of the old one
 * only to say what is lost; images with another launcher are not looked at.
 */
export async function shellObstacle(
  app: Image,
  bases: { readonly before: readonly Layer[]; readonly after: readonly Layer[] },
  ctx: Context,
): Promise<Obstacle | undefined> {
  if (app.config.labels[LAUNCHER_KIND] !== 'sh') return undefined;
  const after = await findInLayers(bases.after, [SHELL, ...HELPERS], ctx);
  if (!isProgram(after[SHELL]))
    return { message: `the launcher of the app image is a shell program, and the new base has no ${SHELL}` };
  const missing = HELPERS.filter((path) => !isProgram(after[path]));
  const before = missing.length === 0 ? {} : await findInLayers(bases.before, missing, ctx);
  for (const path of missing.filter((each) => isProgram(before[each]))) {
    const message = `the new base has no ${path}, which the old one has and the launcher uses`;
    ctx.emit({ type: 'warning', code: 'LAUNCHER_HELPER_LOST', message });
  }
  return undefined;
}

function isProgram(kind: string | undefined): boolean {
  return kind === 'file' || kind === 'symlink';
}
