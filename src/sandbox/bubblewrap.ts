import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Context } from '../core/context.ts';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import { type BubblewrapSetup, bubblewrapArguments, SYSTEM } from './bubblewrap-arguments.ts';
import { BUILD_UMASK } from './build-umask.ts';
import { checkRequest } from './check-request.ts';
import { type ChildExit, runChild } from './child.ts';
import { isWithin } from './host-tree.ts';
import type { Sandbox, SandboxExit, SandboxRequest, SandboxUser } from './sandbox.ts';
import { startFailure, stderrGate } from './start-failure.ts';
import { dropTo, isRoot } from './user.ts';

export interface BubblewrapOptions {
  /** More absolute paths that commands must not see: credential stores, for instance the directory of DOCKER_CONFIG. */
  readonly hide?: readonly string[];
  /** What requests will ask for: only for the description. Default `host`. */
  readonly network?: SandboxRequest['network'];
  /** The program; default `bwrap`. */
  readonly program?: string;
  /** Default: `namespace` for a user, `setpriv` for root; a fresh /proc. */
  readonly setup?: Partial<BubblewrapSetup>;
}

/**
 * Runs commands under bubblewrap over this machine's root: read-only, without home directories, credential stores and sockets,
 * with the request's mounts at their targets, own processes, own /tmp, no capabilities and no way to gain any.
 *
 * An ordinary user becomes the request's user by a user namespace with that one id. Root does not: with root's id mapped, files
 * of the machine that only root may read would be the command's own. So root sets the mounts up without a user namespace (and
 * sources may lie in directories that only root can enter) and `setpriv` drops to the request's user before the command starts.
 * Where a container forbids root that, the program drops first and uses a namespace; sources must then be reachable by that user.
 */
export function bubblewrapSandbox(options: BubblewrapOptions = {}): Sandbox {
  const setup: BubblewrapSetup = {
    user: options.setup?.user ?? (isRoot() ? 'setpriv' : 'namespace'),
    proc: options.setup?.proc ?? 'fresh',
  };
  const hidden = hiddenPaths(options.hide ?? []);
  const processes = setup.proc === 'fresh' ? '' : ", this machine's processes visible";
  return {
    name: 'bubblewrap',
    description: `own user, read-only root, network ${options.network === 'none' ? 'off' : 'on'}${processes}`,
    mapsPaths: true,
    run: (request, ctx) => run(request, ctx, { program: options.program ?? 'bwrap', setup, hidden }),
  };
}

/** bubblewrap itself gets no variable of ours: its environment can be read inside by way of /proc/1. */
const OWN_ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin' };

interface Strategy {
  readonly program: string;
  readonly setup: BubblewrapSetup;
  readonly hidden: readonly string[];
}

async function run(request: SandboxRequest, ctx: Context, { program, setup, hidden }: Strategy): Promise<SandboxExit> {
  checkRequest(request);
  if (request.root.kind !== 'host') {
    throw new SlipwayError('NOT_SUPPORTED', `cannot run in the root directory ${request.root.path} yet`);
  }
  const drop = dropTo(request.user);
  const options = await bubblewrapArguments(request, setup, hidden);
  const gate = stderrGate();
  const joinsOutput = request.joinsOutput ?? false;
  const pass = (bytes: Uint8Array): void => {
    if (bytes.byteLength > 0) request.onOutput(joinsOutput ? 'stdout' : 'stderr', bytes);
  };
  let status = '';
  const exit = await runChild(
    {
      command: program,
      // Options go through a descriptor: no limit on their length, and values of variables stay out of the process list.
      args: ['--args', '3', '--json-status-fd', '4', '--', ...dropCommand(setup, drop), ...request.argv],
      input: Buffer.from(options.map((option) => `${option}\0`).join('')),
      env: OWN_ENV,
      umask: BUILD_UMASK,
      onStatus: (text) => (status = text),
      // Killing the first process inside makes the kernel kill all others before bubblewrap can report the end.
      victim: () => statusNumber(status, 'child-pid'),
      ...(setup.user === 'namespace' && drop !== undefined ? { user: drop } : {}),
      ...(request.limits?.wallMs === undefined ? {} : { wallMs: request.limits.wallMs }),
      joinsOutput,
      onOutput: (stream, bytes) => {
        if (joinsOutput || stream === 'stderr') {
          pass(gate.onStderr(bytes));
          return;
        }
        pass(gate.onStdout());
        request.onOutput('stdout', bytes);
      },
    },
    ctx,
  );
  const reason = failureToStart(exit, gate.held(), { program, status });
  if (reason !== undefined) return { kind: 'not-started', reason };
  pass(gate.onStdout());
  return exit.kind === 'exited' ? exitOf(exit.code) : exit.kind === 'not-started' ? unreachable(exit) : exit;
}

/** What runs the command as another user, when root has set everything up. */
function dropCommand(setup: BubblewrapSetup, user: SandboxUser | undefined): readonly string[] {
  if (setup.user !== 'setpriv' || user === undefined) return [];
  const ids = ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'];
  return [setprivPath(), ...ids, '--inh-caps=-all', '--bounding-set=-all', '--'];
}

/** By its path: the PATH that counts inside is the command's, which need not have it. */
function setprivPath(): string {
  const paths = OWN_ENV.PATH.split(':').map((directory) => join(directory, 'setpriv'));
  return paths.find((path) => existsSync(path)) ?? 'setpriv';
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
  const isSetup = held.toString('latin1').startsWith('setpriv: ');
  // bubblewrap reports an exit code only when the command, or setpriv in front of it, was started.
  if (isSetup ? ![1, 126, 127].includes(exit.code) : statusNumber(status, 'exit-code') !== undefined) return undefined;
  return startFailure(held);
}

function unreachable(exit: ChildExit & { kind: 'not-started' }): SandboxExit {
  return { kind: 'not-started', reason: messageOf(exit.cause) };
}

/** A command that a signal ended comes through as 128 + its number (sandbox.md §3). */
function exitOf(code: number): SandboxExit {
  const signal = SIGNALS.get(code - 128);
  return signal === undefined ? { kind: 'exited', code } : { kind: 'signalled', signal };
}

const SIGNALS: ReadonlyMap<number, string> = new Map([
  [4, 'SIGILL'],
  [6, 'SIGABRT'],
  [7, 'SIGBUS'],
  [8, 'SIGFPE'],
  [9, 'SIGKILL'],
  [11, 'SIGSEGV'],
  [15, 'SIGTERM'],
]);

/** A number in bubblewrap's status, which is one JSON object a line. */
function statusNumber(status: string, key: string): number | undefined {
  const match = new RegExp(`"${key}": (\\d+)`).exec(status);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

function hiddenPaths(more: readonly string[]): readonly string[] {
  const wanted = ['/root', '/home', ...ownHomes(), ...more];
  const paths = wanted.map((path) => path.replace(/(.)\/+$/, '$1')).filter((path) => path.startsWith('/'));
  const safe = paths.filter((path) => path !== '/' && !SYSTEM_DIRECTORIES.has(path) && !isProgramDirectory(path));
  return [...new Set(safe)].filter((path) => !safe.some((other) => other !== path && isWithin(path, other)));
}

/** By the environment and by the user database; a user may be in neither. */
function ownHomes(): readonly string[] {
  return [homedir, () => userInfo().homedir].flatMap((ask) => {
    try {
      return [ask()];
    } catch (error) {
      if (isSystem(error, 'ERR_SYSTEM_ERROR')) return [];
      throw error;
    }
  });
}

const SYSTEM_DIRECTORIES: ReadonlySet<string> = new Set([...SYSTEM, '/var', '/opt', '/srv', '/tmp', '/run']);

function isProgramDirectory(path: string): boolean {
  return ['/usr', '/bin', '/sbin', '/lib', '/lib64'].some((directory) => isWithin(path, directory));
}
