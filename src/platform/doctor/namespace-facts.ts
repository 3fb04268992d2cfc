import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Context } from '../../core/context.ts';
import { isSystem, messageOf } from '../../core/errors.ts';
import { isContainer } from '../../sandbox/container.ts';
import type { NamespaceFacts } from './namespaces.ts';

/** Longer than a mount takes on a busy machine. */
const OVERLAY_MS = 2000;

/** Asks the kernel. */
export async function readNamespaceFacts(ctx: Context): Promise<NamespaceFacts> {
  const [unprivilegedClone, maxUserNamespaces, appArmorRestriction, status, overlayProblem] = await Promise.all([
    readKernelFile('/proc/sys/kernel/unprivileged_userns_clone'),
    readKernelFile('/proc/sys/user/max_user_namespaces'),
    readKernelFile('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
    readKernelFile('/proc/self/status'),
    tryOverlay(ctx),
  ]);
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status ?? '')?.[1];
  return {
    isContainer: isContainer(),
    unprivilegedClone,
    maxUserNamespaces,
    appArmorRestriction,
    seccomp: field('Seccomp'),
    noNewPrivs: field('NoNewPrivs'),
    overlayProblem,
  };
}

/** A file of the kernel without the line's end; undefined where it is not there or not for us. */
export async function readKernelFile(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'EACCES', 'EPERM', 'ENOTDIR', 'EINVAL')) return undefined;
    throw error;
  }
}

async function tryOverlay(ctx: Context): Promise<string | undefined> {
  const directory = await mkdtemp(join(ctx.tmp, 'overlay-'));
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => join(directory, name));
  for (const path of [lower, upper, work, merged]) if (path !== undefined) await mkdir(path);
  const options = `lowerdir=${lower ?? ''},upperdir=${upper ?? ''},workdir=${work ?? ''},userxattr`;
  const mount = ['mount', '-t', 'overlay', 'overlay', '-o', options, merged ?? ''];
  try {
    await promisify(execFile)('unshare', ['--user', '--map-root-user', '--mount', ...mount], {
      timeout: OVERLAY_MS,
      signal: ctx.signal,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    });
    return undefined;
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (isSystem(error, 'ENOENT')) return 'not tried: unshare (util-linux) is not installed';
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : messageOf(error);
    const [line = ''] = said.trim().split('\n');
    return `cannot be mounted in a user namespace (${line}); builds do not need it`;
  }
}
