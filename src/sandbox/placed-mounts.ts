import { execFile } from 'node:child_process';
import { mkdir, readdir, realpath, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { isSystem } from '../core/errors.ts';
import { resolveInside } from './root-plan.ts';
import type { Mount } from './sandbox.ts';

/** A mount that is a copy in the root while a command runs. */
export interface PlacedMount {
  readonly mount: Mount;
  readonly copy: string;
}

/**
 * Puts the mounts of a command into a root where nothing can be mounted: what already lies at its target stays, everything else is
 * copied. Nothing may run in the root meanwhile.
 */
export async function placeMounts(mounts: readonly Mount[], root: string): Promise<readonly PlacedMount[]> {
  const placed: PlacedMount[] = [];
  for (const mount of mounts) {
    const copy = join(root, await resolveInside(root, mount.target));
    if ((await existing(copy)) === (await realpath(mount.source))) continue;
    await rm(copy, { recursive: true, force: true });
    await mkdir(dirname(copy), { recursive: true, mode: 0o755 });
    await copyTree(mount.source, copy);
    if (!mount.writable && mount.isPrivate !== true) await protect(copy);
    placed.push({ mount, copy });
  }
  return placed;
}

/** Takes the copies out again; those of writable mounts replace what they were copied from. Nothing may run in the root meanwhile. */
export async function takeMounts(placed: readonly PlacedMount[]): Promise<void> {
  // Inner ones first: they lie in the copies of outer ones.
  for (const { mount, copy } of [...placed].reverse()) {
    if (mount.writable) {
      if ((await stat(mount.source)).isDirectory()) {
        for (const name of await readdir(mount.source)) await rm(join(mount.source, name), { recursive: true });
        await copyTree(`${copy}/.`, mount.source);
      } else {
        await copyTree(copy, mount.source);
      }
    }
    await rm(copy, { recursive: true, force: true });
  }
}

/** Nobody but root can change it then. */
async function protect(copy: string): Promise<void> {
  await promisify(execFile)('chown', ['-hR', '0:0', '--', copy]);
  await promisify(execFile)('chmod', ['-R', 'go-w', '--', copy]);
}

/** With owners, times, links and holes: what Node's own copy does not keep. */
async function copyTree(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', '--', from, to]);
}

async function existing(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
