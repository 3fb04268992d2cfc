import { chmod, chown, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSystem } from '../../core/errors.ts';
import { isWithinPath } from '../../options/build/path-within.ts';
import type { BuildDirs, DirPair } from '../../phases/build-dirs.ts';
import type { Sandbox, SandboxUser } from '../../sandbox/sandbox.ts';
import { dropTo } from '../../sandbox/user.ts';
import { refuseUnmapped, type BuildData } from './data.ts';

/** The directories with what the user shows besides. Where nothing is mapped, bindings are links in the platform directory. */
export async function withBuildData(dirs: BuildDirs, data: BuildData, sandbox: Sandbox): Promise<BuildDirs> {
  const owner = dropTo(dirs.layers.owner);
  if (!sandbox.mapsPaths) refuseUnmapped(data.options, sandbox.name === 'host' ? 'the host' : 'this container');
  for (const path of data.named) if (owner !== undefined) await chown(path, owner.uid, owner.gid);
  for (const { source, target } of data.mounts) {
    if (sandbox.mapsPaths) {
      await makePoint(source, target, dirs.platform, undefined);
      await makePoint(source, target, dirs.app, owner);
    } else {
      await makeLink(source, target, dirs.platform);
    }
  }
  return sandbox.mapsPaths ? { ...dirs, mounts: data.mounts } : dirs;
}

/**
 * A mount point in a directory that is mounted itself: no strategy can make it in a read-only one, and in the app it is the same for all
 * of them, since it is in the image.
 */
async function makePoint(source: string, target: string, home: DirPair, owner: SandboxUser | undefined): Promise<void> {
  const path = placeIn(home, target);
  if (path === undefined) return;
  const make = async (): Promise<void> => {
    await makeOpenDirectories(dirname(path), home.real, owner);
    if ((await stat(source)).isDirectory()) await makeOpenDirectories(path, home.real, owner);
    else await writeFile(path, '', { flag: 'wx', mode: 0o644 });
  };
  await unlessThere(make);
}

async function makeLink(source: string, target: string, home: DirPair): Promise<void> {
  const path = placeIn(home, target);
  if (path === undefined) return;
  await makeOpenDirectories(dirname(path), home.real, undefined);
  await unlessThere(() => symlink(source, path));
}

/** Where the target is on this machine, if it lies in the directory. */
function placeIn(home: DirPair, target: string): string | undefined {
  return target !== home.logical && isWithinPath(target, home.logical)
    ? join(home.real, target.slice(home.logical.length))
    : undefined;
}

/** The directory with those above it up to `base`; the umask has no say. */
async function makeOpenDirectories(path: string, base: string, owner: SandboxUser | undefined): Promise<void> {
  if (path === base) return;
  await makeOpenDirectories(dirname(path), base, owner);
  await unlessThere(async () => {
    await mkdir(path);
    await chmod(path, 0o755);
    if (owner !== undefined) await chown(path, owner.uid, owner.gid);
  });
}

async function unlessThere(task: () => Promise<void>): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (!isSystem(error, 'EEXIST')) throw error;
  }
}
