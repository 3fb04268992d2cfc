import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../core/context.ts';
import { isSystem, messageOf } from '../core/errors.ts';
import { type BubblewrapSetup, bubblewrapArguments } from './bubblewrap-arguments.ts';
import { BUILD_UMASK } from './build-umask.ts';
import { checkRequest } from './check-request.ts';
import { type ChildExit, runChild } from './child.ts';
import { gatedOutput } from './gated-output.ts';
import { exitBehind, isolatedSandbox, type IsolatedOptions, type Isolation } from './isolated.ts';
import { limitedArgv } from './limits.ts';
import { OWN_ENV } from './own-env.ts';
import { passedOn } from './passed-on.ts';
import type { Sandbox, SandboxExit, SandboxRequest, SandboxUser } from './sandbox.ts';
import { startFailure } from './start-failure.ts';
import { dropTo, isRoot } from './user.ts';

/**
 * Runs commands under bubblewrap over this machine's root (read-only, without home directories, credential stores and sockets)
 * or over another one that lies in a directory, with the request's mounts at their targets, own processes, own /tmp, no capabilities and no way to gain any.
 *
 * An ordinary user becomes the request's user by a user namespace with that one id. Root does not: with root's id mapped, files
 * of the machine that only root may read would be the command's own. So root sets the mounts up without a user namespace (and
 * sources may lie in directories that only root can enter) and `setpriv` drops to the request's user before the command starts.
 * Where a container forbids root that, the program drops first and uses a namespace; sources must then be reachable by that user.
 */
export function bubblewrapSandbox(options: IsolatedOptions<BubblewrapSetup> = {}): Sandbox {
  const user = isRoot() ? 'setpriv' : 'namespace';
  return isolatedSandbox<BubblewrapSetup>(
    { name: 'bubblewrap', program: 'bwrap', setup: { user, proc: 'fresh' }, run },
    options,
  );
}

async function run(
  request: SandboxRequest,
  ctx: Context,
  { program, setup, hidden }: Isolation<BubblewrapSetup>,
): Promise<SandboxExit> {
  checkRequest(request);
  const drop = dropTo(request.user);
  const options = await bubblewrapArguments(request, setup, hidden);
  const output = gatedOutput(request);
  let status = '';
  const exit = await runChild(
    {
      command: program,
      // Options go through a descriptor: no limit on their length, and values of variables stay out of the process list.
      args: [
        '--args',
        '3',
        '--json-status-fd',
        '4',
        '--',
        ...dropCommand(setup, drop, request.root),
        ...limitedArgv(request.argv, request.limits),
      ],
      input: Buffer.from(options.map((option) => `${option}\0`).join('')),
      env: OWN_ENV,
      umask: BUILD_UMASK,
      onStatus: (text) => (status = text),
      // Killing the first process inside makes the kernel kill all others before bubblewrap can report the end.
      victim: () => statusNumber(status, 'child-pid'),
      ...(setup.user === 'namespace' && drop !== undefined ? { user: drop } : {}),
      ...passedOn(request),
      onOutput: output.onOutput,
    },
    ctx,
  );
  const reason = failureToStart(exit, output.held(), { program, status });
  if (reason !== undefined) return { kind: 'not-started', reason };
  output.release();
  return exitBehind(exit);
}

/** What runs the command as another user, when root has set everything up. */
function dropCommand(
  setup: BubblewrapSetup,
  user: SandboxUser | undefined,
  root: SandboxRequest['root'],
): readonly string[] {
  if (setup.user !== 'setpriv' || user === undefined) return [];
  const ids = ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'];
  return [setprivPath(root.kind === 'host' ? '/' : root.path), ...ids, '--inh-caps=-all', '--bounding-set=-all', '--'];
}

/** By its path: the PATH that counts inside is the command's, which need not have it. */
function setprivPath(base: string): string {
  const paths = OWN_ENV.PATH.split(':').map((directory) => join(directory, 'setpriv'));
  return paths.find((path) => existsSync(join(base, path))) ?? 'setpriv';
}

function failureToStart(
  exit: ChildExit,
  held: Buffer,
  { program, status }: { readonly program: string; readonly status: string },
): string | undefined {
  if (exit.kind === 'not-started') {
    return isSystem(exit.cause, 'ENOENT')
      ? `bubblewrap (the program ${program}) is not installed`
      : messageOf(exit.cause);
  }
  if (exit.kind !== 'exited' || held.byteLength === 0) return undefined;
  const isSetup = /^(?:setpriv|slipway-start): /.test(held.toString('latin1'));
  // bubblewrap reports an exit code only when the command, or what we put in front of it, was started.
  if (isSetup ? ![1, 126, 127].includes(exit.code) : statusNumber(status, 'exit-code') !== undefined) return undefined;
  return startFailure(held);
}

/** A number in bubblewrap's status, which is one JSON object a line. */
function statusNumber(status: string, key: string): number | undefined {
  const match = new RegExp(`"${key}": (\\d+)`).exec(status);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
