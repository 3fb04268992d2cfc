import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { lockOf, takeLease, type Lease } from '../../core/lease.ts';
import { withLock } from '../../core/lock-directory.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { isWithinPath } from '../../options/build/path-within.ts';
import type { VolumeRequest } from '../../options/build/volume.ts';
import type { Mount } from '../../sandbox/sandbox.ts';
import { cacheRoot } from '../cache-root.ts';
import type { Machine } from '../machine.ts';

export interface VolumeOptions {
  readonly volumes?: readonly VolumeRequest[];
}

/** Mounts for buildpacks; named volumes are kept from removal until it is disposed. */
export interface OpenVolumes extends AsyncDisposable {
  readonly mounts: readonly Mount[];
  /** Directories of named volumes, which belong to the buildpacks' user. */
  readonly named: readonly string[];
}

/**
 * The places of this machine that buildpacks are shown. A host path must exist; a named volume is a directory below the cache's root,
 * made at first use. Throws `FILE_NOT_FOUND` and `ARGUMENT_INVALID` (exit 3), `WRITE_FAILED`.
 */
export async function openVolumes(
  volumes: readonly VolumeRequest[],
  machine: Machine,
  ctx: Context,
): Promise<OpenVolumes> {
  const leases: Lease[] = [];
  const release = async (): Promise<void> => {
    for (const lease of leases) await lease.release();
  };
  try {
    const mounts: Mount[] = [];
    const named: string[] = [];
    for (const { text, source, target, writable } of volumes) {
      if (source.kind === 'path') {
        mounts.push({ source: await hostPath(source.name, text, machine.cwd), target, writable });
        continue;
      }
      const { path, lease } = await openNamed(source.name, machine, ctx);
      leases.push(lease);
      named.push(path);
      ctx.emit({ type: 'notice', subject: `--volume ${text}`, message: `the volume ${source.name} is ${path}` });
      mounts.push({ source: path, target, writable });
    }
    return { mounts, named, [Symbol.asyncDispose]: release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** What can be wrong with volumes together and with the app's place. Throws `ARGUMENT_INVALID` (exit 3). */
export function checkVolumes(volumes: readonly VolumeRequest[], workspace: string): void {
  const seen = new Set<string>();
  for (const { text, target } of volumes) {
    if (seen.has(target)) throw refused(text, `${target} is mounted twice`);
    seen.add(target);
    if (isWithinPath(workspace, target)) throw refused(text, `the app is at ${workspace}`);
  }
}

/** What is to be said of volumes that can be mounted. */
export function announceVolumes(volumes: readonly VolumeRequest[], workspace: string, ctx: Context): void {
  for (const { text, target, ignored } of volumes) {
    if (isWithinPath(target, workspace))
      ctx.emit({
        type: 'warning',
        code: 'VOLUME_IN_APP',
        message: `--volume ${text} lies in the app: its files do not come into the image, an empty ${target} does`,
      });
    for (const word of ignored)
      ctx.emit({ type: 'notice', subject: `--volume ${text}`, message: `${word} is for Docker’s own volumes` });
  }
}

function refused(text: string, why: string): SlipwayError {
  return new SlipwayError('ARGUMENT_INVALID', `--volume ${text}: ${why}`, { exit: 3, hint: 'choose another target' });
}

async function hostPath(name: string, text: string, cwd: string): Promise<string> {
  const path = resolve(cwd, name);
  try {
    const stats = await stat(path);
    if (stats.isDirectory() || stats.isFile() || stats.isSocket()) return path;
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) throw error;
    throw new SlipwayError('FILE_NOT_FOUND', `--volume ${text}: there is no ${name} here`, {
      exit: 3,
      cause: error,
      hint: 'make it first, or give a name without a slash for a volume that is kept',
    });
  }
  throw new SlipwayError('ARGUMENT_INVALID', `--volume ${text}: ${name} is no file or directory`, { exit: 3 });
}

async function openNamed(
  name: string,
  machine: Machine,
  ctx: Context,
): Promise<{ readonly path: string; readonly lease: Lease }> {
  const path = join(cacheRoot(machine), 'volumes', name);
  const lease = await withLock(lockOf(path), ctx, async () => {
    await makeDirectory(path);
    return takeLease(path);
  });
  return { path, lease };
}
