import { chmod, lchown, lstat, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../core/make-directory.ts';
import type { Context } from '../core/context.ts';
import { writeError } from '../core/atomic-file.ts';
import type { Owner } from '../layer/place.ts';
import { dropTo, letIn } from '../sandbox/user.ts';

/** A new directory below `ctx.tmp` in which the buildpacks' user may write. Its maker removes it. */
export async function scratchDirectory(name: string, owner: Owner, ctx: Context): Promise<string> {
  await letIn(ctx.tmp, owner);
  const directory = await mkdtemp(join(ctx.tmp, `${name}-`));
  await giveTree(directory, owner);
  return directory;
}

/** A directory of mode 0755 that the buildpacks' user owns with everything in it; made when missing. */
export async function ownedDirectory(path: string, owner: Owner): Promise<void> {
  try {
    if ((await makeDirectory(path)) !== undefined) await chmod(path, 0o755);
  } catch (error) {
    throw writeError(path, error);
  }
  await giveTree(path, owner);
}

/** Where root runs buildpacks as somebody else, hands over what is not theirs yet; links are never followed. Else does nothing. */
export async function giveTree(path: string | Buffer, owner: Owner): Promise<void> {
  if (dropTo(owner) === undefined) return;
  const stat = await lstat(path);
  if (stat.uid !== owner.uid || stat.gid !== owner.gid) await lchown(path, owner.uid, owner.gid);
  if (!stat.isDirectory()) return;
  // Names are bytes: a name that is no text must be found again.
  for (const name of await readdir(path, { encoding: 'buffer' })) {
    await giveTree(Buffer.concat([Buffer.from(path), Buffer.from('/'), name]), owner);
  }
}
