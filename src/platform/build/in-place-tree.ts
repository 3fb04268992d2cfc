import { constants } from 'node:fs';
import { access, chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { removeTree } from '../../layer/remove-tree.ts';

/** Where a build inside of its builder image works: at the paths that the image it makes will have. */
export interface InPlaceTree {
  readonly layers: string;
  readonly app: string;
}

/**
 * Takes `/layers`, and `/workspace` for a copy of the app, of the container that this program is in; both are empty before and after.
 * Where the app or something else lies in /workspace already, the app is built where it is, as the lifecycle does, with a warning. Throws
 * `WRITE_FAILED` where /layers cannot be taken.
 */
export async function withInPlaceTree<T>(
  wanted: { readonly app: string; readonly layers: string | undefined },
  ctx: Context,
  task: (tree: InPlaceTree) => Promise<T>,
): Promise<T> {
  const { app, layers } = wanted;
  if (layers === undefined) {
    const problem = await whyNotFree('/layers');
    if (problem !== undefined) throw notFree(problem);
  }
  const isFree = app !== '/workspace' && (await whyNotFree('/workspace')) === undefined;
  if (!isFree) {
    ctx.emit({
      type: 'warning',
      code: 'APP_IN_PLACE',
      message: `the app is built where it is, in ${app}: buildpacks may change it`,
    });
  }
  try {
    return await task({ layers: layers ?? '/layers', app: isFree ? '/workspace' : app });
  } finally {
    if (layers === undefined) await empty('/layers', ctx);
    if (isFree) await empty('/workspace', ctx);
  }
}

/** Why a directory cannot be taken; it is made when it is missing. */
async function whyNotFree(path: string): Promise<string | undefined> {
  try {
    if ((await mkdir(path, { recursive: true })) !== undefined) await chmod(path, 0o755);
    await access(path, constants.W_OK);
    return (await readdir(path)).length === 0 ? undefined : `${path} is not empty`;
  } catch (error) {
    if (isSystem(error, 'EACCES', 'EPERM', 'EROFS')) return `${path} cannot be written by this user`;
    if (isSystem(error, 'EEXIST', 'ENOTDIR')) return `${path} is not a directory`;
    throw error;
  }
}

function notFree(problem: string): SlipwayError {
  return new SlipwayError('WRITE_FAILED', `cannot build in place: ${problem}`, {
    exit: 1,
    hint: 'give the container an empty volume at /layers that its user may write to, or name another place with --layers-dir DIR',
  });
}

async function empty(directory: string, ctx: Context): Promise<void> {
  for (const name of await readdir(directory)) await removeTree(join(directory, name), ctx);
}
