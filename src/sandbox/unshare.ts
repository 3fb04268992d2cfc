import { chown } from 'node:fs/promises';
import type { Context } from '../core/context.ts';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import { BUILD_UMASK } from './build-umask.ts';
import { checkRequest } from './check-request.ts';
import { type ChildExit, runChild } from './child.ts';
import { enterCommand } from './enter.ts';
import { firstChildOf } from './first-child.ts';
import { exitBehind, isolatedSandbox, type IsolatedOptions, type Isolation } from './isolated.ts';
import { gatedOutput } from './gated-output.ts';
import { OWN_ENV } from './own-env.ts';
import { passedOn } from './passed-on.ts';
import type { Sandbox, SandboxExit, SandboxRequest, SandboxUser } from './sandbox.ts';
import { makeSkeleton } from './skeleton.ts';
import { startFailure } from './start-failure.ts';
import { READY, stageScript } from './unshare-stage.ts';
import { dropTo, isRoot, letIn } from './user.ts';

/** How the sandbox is set up on this machine: found by probing. */
interface UnshareSetup {
  /** `namespace`: by a user namespace, after root has become the wanted user. `root`: root mounts, then becomes the wanted user. */
  readonly user: 'namespace' | 'root';
  readonly proc: 'fresh' | 'bound';
}

/**
 * The isolation of bubblewrap out of util-linux's `unshare`, `mount` and `setpriv`: namespaces, a root of read-only binds, and a sh
 * as first process. The command is in a changed root of that mount namespace, without capabilities, without a way to gain any, and
 * (the kernel refuses it there) without user namespaces of its own. The root needs a /bin/sh.
 */
export function unshareSandbox(options: IsolatedOptions<UnshareSetup> = {}): Sandbox {
  const user = isRoot() ? 'root' : 'namespace';
  return isolatedSandbox<UnshareSetup>(
    { name: 'unshare', program: 'unshare', setup: { user, proc: 'fresh' }, run },
    options,
  );
}

async function run(request: SandboxRequest, ctx: Context, strategy: Isolation<UnshareSetup>): Promise<SandboxExit> {
  checkRequest(request);
  const { program, setup, hidden } = strategy;
  const user = request.user ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  if (user.uid === 0) {
    throw new SlipwayError('NOT_SUPPORTED', 'the unshare sandbox cannot run commands as root', {
      hint: 'use --sandbox bubblewrap, or a build user that is not root',
    });
  }
  const drop = setup.user === 'namespace' ? dropTo(user) : undefined;
  if (drop !== undefined) await letIn(ctx.tmp, drop);
  await using skeleton = await makeSkeleton(request, hidden, ctx);
  if (drop !== undefined) await chown(skeleton.directory, drop.uid, drop.gid);
  const entering = enterCommand(request.argv, request.env, request.limits);
  const script = stageScript({
    directory: skeleton.directory,
    steps: skeleton.steps,
    proc: setup.proc,
    owner: setup.user === 'root' ? user : { uid: 0, gid: 0 },
    temporaryBytes: request.limits?.temporaryBytes,
    isInteractive: request.isInteractive ?? false,
    argv: [...becomeUser(setup, user), ...['--root', skeleton.directory, '--wd', request.cwd, '--'], ...entering.argv],
  });
  const output = gatedOutput(request);
  let status = '';
  const exit = await runChild(
    {
      command: 'setpriv',
      // Whatever is below dies with this program, and gains nothing by setuid files.
      args: [
        ...['--no-new-privs', '--pdeathsig', 'KILL', '--', program],
        ...namespaces(request, setup),
        // The descriptor is a socket, which nobody can open by name.
        ...['--', '/bin/sh', '-c', 'eval "$(cat <&3)"'],
      ],
      input: Buffer.from(script),
      env: { ...OWN_ENV, ...entering.carried },
      cwd: '/',
      umask: BUILD_UMASK,
      onStatus: (text) => (status = text),
      // The end of the first process is the end of all; unshare ends when it has seen that.
      victim: firstChildOf,
      ...(drop === undefined ? {} : { user: drop }),
      ...passedOn(request),
      onOutput: output.onOutput,
    },
    ctx,
  );
  const reason = failureToStart(exit, { held: output.held(), status });
  if (reason !== undefined) return { kind: 'not-started', reason };
  output.release();
  return exitBehind(exit);
}

function namespaces(request: SandboxRequest, setup: UnshareSetup): readonly string[] {
  return [
    ...(setup.user === 'namespace' ? ['--user', '--map-root-user'] : []),
    ...['--mount', '--propagation', 'private', '--ipc', '--uts', '--pid', '--fork', '--kill-child'],
    ...(request.network === 'none' ? ['--net'] : []),
  ];
}

/** unshare again, with the command's ids: in a user namespace inside the first one, or as root by giving root up. */
function becomeUser(setup: UnshareSetup, { uid, gid }: SandboxUser): readonly string[] {
  if (setup.user === 'namespace') {
    return ['unshare', '--user', `--map-user=${String(uid)}`, `--map-group=${String(gid)}`];
  }
  const kept = '--bounding-set=-all,+sys_chroot,+setuid,+setgid';
  return ['setpriv', '--inh-caps=-all', kept, '--', 'unshare', '--setgid', String(gid), '--setuid', String(uid)];
}

function failureToStart(
  exit: ChildExit,
  { held, status }: { readonly held: Buffer; readonly status: string },
): string | undefined {
  if (exit.kind === 'not-started') {
    return isSystem(exit.cause, 'ENOENT')
      ? 'util-linux (setpriv, unshare, mount) is not installed'
      : messageOf(exit.cause);
  }
  if (exit.kind !== 'exited') return undefined;
  const at = status.indexOf(READY);
  if (at < 0) return [held.toString('utf8').trim(), status.trim()].filter((text) => text !== '').join('; ');
  if (held.byteLength === 0 || ![1, 126, 127].includes(exit.code)) return undefined;
  return startFailure(held);
}
