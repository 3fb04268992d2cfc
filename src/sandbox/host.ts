import type { Context } from '../core/context.ts';
import { messageOf, SlipwayError, systemCode } from '../core/errors.ts';
import { checkRequest } from './check-request.ts';
import { runChild } from './child.ts';
import { limitedArgv } from './limits.ts';
import { passedOn } from './passed-on.ts';
import type { Sandbox, SandboxExit, SandboxRequest } from './sandbox.ts';
import { dropTo } from './user.ts';

/**
 * Runs commands as plain children on this machine, with real paths and only the given environment. Root drops to the request's
 * user. Each command has a process group, which is killed when the command ends or the build is stopped; a process that leaves
 * the group, or a kill -9 of this program, escapes that. Commands inherit this process's umask unless one is given.
 */
export function hostSandbox(options: { readonly umask?: number } = {}): Sandbox {
  return {
    name: 'host',
    description: 'no isolation',
    mapsPaths: false,
    run: (request, ctx) => run(request, options, ctx),
  };
}

async function run(request: SandboxRequest, options: { readonly umask?: number }, ctx: Context): Promise<SandboxExit> {
  checkRequest(request);
  if (request.root.kind !== 'host')
    throw new SlipwayError('NOT_SUPPORTED', 'the host sandbox has no other root directory');
  if (request.network === 'none') {
    throw new SlipwayError('NOT_SUPPORTED', 'the host sandbox cannot switch the network off', {
      hint: 'use --sandbox bubblewrap',
    });
  }
  const [command, ...args] = limitedArgv(request.argv, request.limits);
  const user = dropTo(request.user);
  const exit = await runChild(
    {
      command,
      args,
      env: request.env,
      cwd: request.cwd,
      onOutput: request.onOutput,
      ...options,
      ...(user === undefined ? {} : { user }),
      ...passedOn(request),
    },
    ctx,
  );
  if (exit.kind !== 'not-started') return exit;
  return { kind: 'not-started', reason: describe(command, exit.cause) };
}

function describe(command: string, cause: Error): string {
  const known = { EACCES: 'permission denied', ENOENT: 'no such file or directory' };
  const code = systemCode(cause);
  const reason = code === 'EACCES' || code === 'ENOENT' ? known[code] : messageOf(cause);
  return `cannot start ${command}: ${reason}`;
}
