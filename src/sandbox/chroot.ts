import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Context } from '../core/context.ts';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import { BUILD_UMASK } from './build-umask.ts';
import { checkRequest } from './check-request.ts';
import { type ChildExit, runChild } from './child.ts';
import { enterCommand } from './enter.ts';
import { gatedOutput } from './gated-output.ts';
import { linkRoot } from './linked-root.ts';
import { OWN_ENV } from './own-env.ts';
import { passedOn } from './passed-on.ts';
import { isDirectory } from './path-programs.ts';
import { placeMounts, takeMounts } from './placed-mounts.ts';
import { homeDirectory, networkMounts, resolveInside } from './root-plan.ts';
import { sweepRoot } from './root-sweep.ts';
import type { Sandbox, SandboxExit, SandboxRequest, SandboxUser } from './sandbox.ts';
import { startFailure } from './start-failure.ts';
import { isRoot } from './user.ts';

/**
 * Runs commands in a changed root directory as another user: for root in a container, which may do that and nothing better. Files
 * and users are the right ones; processes and the network are the container's, and there is no /proc. Since nothing can be mounted,
 * commands run one at a time in a root of links that is made once, and mounts that lie elsewhere are copied in and out.
 */
export function chrootSandbox(options: { readonly program?: string } = {}): Sandbox {
  const roots = new Map<string, Promise<string>>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    name: 'chroot',
    description: 'own files and user; processes and network of this container, no /proc',
    mapsPaths: true,
    run: (request, ctx) => {
      const turn = last.then(() => run(request, ctx, { program: options.program ?? 'chroot', roots }));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}

interface Strategy {
  readonly program: string;
  /** By the root that was asked for: the one of links. */
  readonly roots: Map<string, Promise<string>>;
}

async function run(request: SandboxRequest, ctx: Context, { program, roots }: Strategy): Promise<SandboxExit> {
  checkRequest(request);
  if (request.root.kind === 'host')
    throw new SlipwayError('NOT_SUPPORTED', 'the chroot sandbox needs a root directory that is not this machine’s', {
      hint: 'name a builder with --builder, or choose another sandbox',
    });
  if (request.network === 'none') {
    throw new SlipwayError('NOT_SUPPORTED', 'the chroot sandbox cannot switch the network off', {
      hint: 'use --sandbox bubblewrap or unshare, where the container allows namespaces',
    });
  }
  const { user } = request;
  if (!isRoot()) return { kind: 'not-started', reason: 'only root can change the root directory' };
  if (user === undefined || user.uid === 0) {
    throw new SlipwayError('NOT_SUPPORTED', 'the chroot sandbox cannot hold root', {
      hint: 'choose a build user that is not root',
    });
  }
  const base = request.root.path;
  const made = roots.get(base) ?? makeRoot(base, ctx);
  roots.set(base, made);
  const root = await made;
  await makeHome(request, root, user);
  const placed = await placeMounts(
    [...(await networkMounts(request)), ...request.mounts].sort((a, b) => a.target.length - b.target.length),
    root,
  );
  try {
    return await runIn({ root, user, program }, request, ctx);
  } finally {
    sweepRoot(root, user);
    await takeMounts(placed);
  }
}

interface Prison {
  readonly root: string;
  readonly user: SandboxUser;
  readonly program: string;
}

async function runIn({ root, user, program }: Prison, request: SandboxRequest, ctx: Context): Promise<SandboxExit> {
  const entering = enterCommand(request.argv, request.env, request.limits ?? {}, request.cwd);
  const output = gatedOutput(request);
  const exit = await runChild(
    {
      command: 'setpriv',
      args: [
        ...['--no-new-privs', '--inh-caps=-all', '--bounding-set=-all,+sys_chroot,+setuid,+setgid', '--', program],
        ...[`--userspec=${String(user.uid)}:${String(user.gid)}`, '--groups=', root, ...entering.argv],
      ],
      env: { ...OWN_ENV, ...entering.carried },
      cwd: '/',
      umask: BUILD_UMASK,
      ...passedOn(request),
      onOutput: output.onOutput,
    },
    ctx,
  );
  const reason = failureToStart(exit, output.held());
  if (reason !== undefined) return { kind: 'not-started', reason };
  output.release();
  return exit.kind === 'not-started' ? { kind: 'not-started', reason: messageOf(exit.cause) } : exit;
}

/** The root of links, with devices and an empty /tmp. It lies in the context's temporary directory and goes with that. */
async function makeRoot(base: string, ctx: Context): Promise<string> {
  const directory = await realpath(await mkdtemp(join(ctx.tmp, 'chroot-')));
  await chmod(directory, 0o711);
  const root = join(directory, 'root');
  await linkRoot(base, root);
  // What a command finds in `/` must not depend on the strategy: it may end in an image.
  const sys = (await isDirectory(join(base, 'sys'))) ? ['sys'] : [];
  for (const name of ['dev', ...sys]) await mkdir(join(root, name), { mode: 0o755 });
  await mkdir(join(root, 'proc'), { mode: 0o555 });
  for (const [name, minor] of DEVICES) await makeDevice(join(root, 'dev', name), minor);
  const varTmp = (await isDirectory(join(base, 'var/tmp'))) ? ['var/tmp'] : [];
  for (const name of ['tmp', 'dev/shm', ...varTmp]) {
    const path = join(root, await resolveInside(root, `/${name}`));
    await mkdir(path, { recursive: true });
    await chmod(path, 0o1777);
  }
  return root;
}

/** Throws `NOT_SUPPORTED`: root of a container may lack the right. */
async function makeDevice(path: string, minor: string): Promise<void> {
  try {
    await promisify(execFile)('mknod', ['-m', '666', path, 'c', '1', minor]);
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    const reason = isSystem(error, 'ENOENT') ? 'mknod (coreutils) is not installed' : said;
    throw new SlipwayError('NOT_SUPPORTED', `the chroot sandbox cannot make devices: ${reason}`, {
      cause: error,
      hint: 'it needs the capability MKNOD, which containers have unless it is taken away',
    });
  }
}

const DEVICES = [
  ['null', '3'],
  ['zero', '5'],
  ['full', '7'],
  ['random', '8'],
  ['urandom', '9'],
] as const;

async function makeHome(request: SandboxRequest, root: string, user: SandboxUser): Promise<void> {
  const home = homeDirectory(request, request.mounts);
  if (home === undefined) return;
  const path = join(root, await resolveInside(root, home));
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await mkdir(path, { recursive: true });
  await chown(path, user.uid, user.gid);
}

function failureToStart(exit: ChildExit, held: Buffer): string | undefined {
  if (exit.kind === 'not-started') {
    return isSystem(exit.cause, 'ENOENT') ? 'setpriv (util-linux) is not installed' : messageOf(exit.cause);
  }
  if (exit.kind !== 'exited' || held.byteLength === 0 || ![125, 126, 127].includes(exit.code)) return undefined;
  return startFailure(held);
}
