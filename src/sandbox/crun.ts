import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../core/context.ts';
import { isSystem, messageOf } from '../core/errors.ts';
import { BUILD_UMASK } from './build-umask.ts';
import { checkRequest } from './check-request.ts';
import { type ChildExit, runChild } from './child.ts';
import { bundleConfig } from './crun-bundle.ts';
import { firstChildOf } from './first-child.ts';
import { gatedOutput } from './gated-output.ts';
import { exitBehind, isolatedSandbox, type IsolatedOptions, type Isolation } from './isolated.ts';
import { OWN_ENV } from './own-env.ts';
import { passedOn } from './passed-on.ts';
import type { Sandbox, SandboxExit, SandboxRequest } from './sandbox.ts';
import { makeSkeleton } from './skeleton.ts';
import { startFailure } from './start-failure.ts';
import { dropTo, isRoot, letIn } from './user.ts';

/** How the sandbox is set up on this machine: found by probing. */
interface CrunSetup {
  /** `namespace`: by user namespaces, after root has become the wanted user. `root`: crun itself gives root up. */
  readonly user: 'namespace' | 'root';
}

/**
 * Runs commands by the OCI runtime `crun` on a bundle of ours: the isolation of bubblewrap, where that is missing. The runtime is
 * itself in namespaces of ours, made by `unshare`: with a pid namespace, so that nothing is left behind however it ends, and with a
 * cgroup2 of its own, since crun refuses machines that mix both versions.
 */
export function crunSandbox(options: IsolatedOptions<CrunSetup> = {}): Sandbox {
  const user = isRoot() ? 'root' : 'namespace';
  return isolatedSandbox<CrunSetup>({ name: 'crun', program: 'crun', setup: { user }, run }, options);
}

async function run(
  request: SandboxRequest,
  ctx: Context,
  { program, setup, hidden }: Isolation<CrunSetup>,
): Promise<SandboxExit> {
  checkRequest(request);
  const user = request.user ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const drop = setup.user === 'namespace' ? dropTo(user) : undefined;
  if (drop !== undefined) await letIn(ctx.tmp, drop);
  await using skeleton = await makeSkeleton(request, hidden, ctx);
  await using bundle = await privateDirectory(ctx);
  const { directory, steps } = skeleton;
  const isMapped = setup.user === 'namespace';
  const config = join(bundle.path, 'config.json');
  // It has the values of all variables.
  await writeFile(config, bundleConfig(request, { directory, steps, user, isMapped }), { mode: 0o600 });
  for (const path of drop === undefined ? [] : [bundle.path, config, directory]) {
    await chown(path, drop?.uid ?? 0, drop?.gid ?? 0);
  }
  const output = gatedOutput(request);
  let status = '';
  const exit = await runChild(
    {
      command: 'setpriv',
      args: [
        ...[
          '--no-new-privs',
          '--pdeathsig',
          'KILL',
          '--',
          'unshare',
          ...(isMapped ? ['--user', '--map-root-user'] : []),
        ],
        ...['--mount', '--propagation', 'private', '--cgroup', '--pid', '--fork', '--kill-child', '--mount-proc'],
        ...(request.network === 'none' ? ['--net'] : []),
        ...['--', '/bin/sh', '-c', stage(request), 'slipway-stage', program, bundle.path],
      ],
      env: OWN_ENV,
      cwd: '/',
      umask: BUILD_UMASK,
      onStatus: (text) => (status = text),
      victim: firstChildOf,
      ...(drop === undefined ? {} : { user: drop }),
      ...passedOn(request),
      onOutput: output.onOutput,
    },
    ctx,
  );
  const reason = await failureToStart(exit, status, join(bundle.path, 'log'));
  if (reason !== undefined) return { kind: 'not-started', reason };
  if (exit.kind === 'exited' && [126, 127].includes(exit.code) && output.held().byteLength > 0) {
    return { kind: 'not-started', reason: startFailure(output.held()) };
  }
  output.release();
  return exitBehind(exit);
}

/** The first process: messages go to descriptor 4, the runtime's own to its log. */
const stage = ({ isInteractive = false }: SandboxRequest): string => `exec 5>&2 2>&4
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 125
printf %s ready >&4
(exec "$1" --cgroup-manager=disabled --root "$2/state" --log "$2/log" run --bundle "$2" slipway${isInteractive ? '' : ' </dev/null'} 2>&5 4>&- 5>&-)
exit $?`;

async function failureToStart(exit: ChildExit, status: string, log: string): Promise<string | undefined> {
  if (exit.kind === 'not-started') {
    return isSystem(exit.cause, 'ENOENT')
      ? 'util-linux (setpriv, unshare, mount) is not installed'
      : messageOf(exit.cause);
  }
  if (exit.kind !== 'exited' || exit.code === 0) return undefined;
  if (!status.startsWith('ready')) return status.trim() === '' ? 'namespaces are not allowed' : status.trim();
  if (exit.code === 127 && status.includes('not found')) return 'crun is not installed';
  const said = await readLog(log);
  return said === '' ? undefined : said.replace(/^executable file `(.*?)` not found in \$PATH: /, 'cannot start $1: ');
}

/** crun writes there only what kept it from starting the command. */
async function readLog(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (isSystem(error, 'ENOENT')) return '';
    throw error;
  }
}

async function privateDirectory(ctx: Context): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(ctx.tmp, 'bundle-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
