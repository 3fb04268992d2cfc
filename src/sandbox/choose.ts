import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assertNever } from '../core/assert-never.ts';
import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import { type BubblewrapOptions, bubblewrapSandbox } from './bubblewrap.ts';
import type { BubblewrapSetup } from './bubblewrap-arguments.ts';
import { BUILD_UMASK } from './build-umask.ts';
import { hostSandbox } from './host.ts';
import { failureOf, type Sandbox, type SandboxRoot } from './sandbox.ts';
import { unshareSandbox } from './unshare.ts';
import { isRoot, letIn } from './user.ts';

const UNISOLATED = 'nothing is isolated: buildpacks run on this machine and can read and write whatever their user can';

export type SandboxChoice = 'auto' | 'bubblewrap' | 'host';

export interface ChooseOptions extends BubblewrapOptions {
  /** What buildpacks will have as `/`: the proof runs there. Default: this machine's own. */
  readonly root?: SandboxRoot;
}

/**
 * The sandbox that was asked for, proven by running nothing in it with the very options that buildpacks get (sandbox.md §1).
 * `auto` is the best that works, never `host`: running buildpacks unprotected is for the user to say. Emits `sandbox.chosen`, and a
 * warning for `host`. Throws `SANDBOX_UNAVAILABLE` with everything that was tried and why it failed.
 */
export async function chooseSandbox(
  wanted: SandboxChoice,
  ctx: Context,
  options: ChooseOptions = {},
): Promise<Sandbox> {
  const sandbox = await choose(wanted, ctx, options);
  ctx.emit({ type: 'sandbox.chosen', strategy: sandbox.name, description: sandbox.description });
  if (sandbox.name === 'host') ctx.emit({ type: 'warning', code: 'SANDBOX_HOST', message: UNISOLATED });
  return sandbox;
}

/** Runs nothing in a sandbox: undefined when that works, else why it does not. */
export async function probeSandbox(
  sandbox: Sandbox,
  ctx: Context,
  root: SandboxRoot = { kind: 'host' },
): Promise<string | undefined> {
  const user = isRoot() ? PROBE_USER : undefined;
  if (user !== undefined) await letIn(ctx.tmp, user);
  const directory = await mkdtemp(join(ctx.tmp, 'probe-'));
  try {
    await chmod(directory, 0o755);
    const stderr: Uint8Array[] = [];
    const exit = await sandbox.run(
      {
        root,
        argv: ['/bin/sh', '-c', ':'],
        cwd: '/',
        env: { PATH: '/usr/bin:/bin', HOME: '/home/slipway' },
        mounts: [{ source: directory, target: '/layers', writable: true }],
        network: 'host',
        ...(user === undefined ? {} : { user }),
        onOutput: (stream, bytes) => {
          if (stream === 'stderr') stderr.push(bytes);
        },
      },
      ctx,
    );
    const failure = failureOf(exit);
    const said = Buffer.concat(stderr).toString('utf8').trim();
    return failure === undefined || said === '' ? failure : `${failure} (${said})`;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Anybody but root: what matters is that root can become somebody else. */
const PROBE_USER = { uid: 1000, gid: 1000 };

async function choose(wanted: SandboxChoice, ctx: Context, options: ChooseOptions): Promise<Sandbox> {
  switch (wanted) {
    case 'host':
      return hostSandbox({ umask: BUILD_UMASK });
    case 'auto':
    case 'bubblewrap':
      return findIsolated(wanted, ctx, options);
    default:
      return assertNever(wanted);
  }
}

async function findIsolated(wanted: 'auto' | 'bubblewrap', ctx: Context, options: ChooseOptions): Promise<Sandbox> {
  const tried: Record<string, string> = {};
  for (const { name, sandbox } of candidates(wanted, options)) {
    const problem = await probeSandbox(sandbox, ctx, options.root);
    if (problem === undefined) return sandbox;
    tried[name] = problem;
  }
  throw new SlipwayError('SANDBOX_UNAVAILABLE', 'no sandbox for buildpacks works on this machine', {
    details: tried,
    hint: 'install bubblewrap and allow user namespaces, or run buildpacks unprotected with --sandbox host',
  });
}

interface Candidate {
  readonly name: string;
  readonly sandbox: Sandbox;
}

/**
 * In a builder's root there may be no program by which root becomes another user inside bubblewrap; util-linux outside can do it, and
 * isolates the same.
 */
function candidates(wanted: 'auto' | 'bubblewrap', { root, ...options }: ChooseOptions): readonly Candidate[] {
  const bubblewrap = setups().map((setup) => ({
    name: `bubblewrap, ${nameOf(setup)}`,
    sandbox: bubblewrapSandbox({ ...options, setup }),
  }));
  if (wanted === 'bubblewrap' || root?.kind !== 'directory') return bubblewrap;
  const { hide, network } = options;
  const shared = { ...(hide === undefined ? {} : { hide }), ...(network === undefined ? {} : { network }) };
  const unshare = (['fresh', 'bound'] as const).map((proc) => ({
    name: proc === 'fresh' ? 'unshare' : "unshare, with this machine's /proc",
    sandbox: unshareSandbox({ ...shared, setup: { proc } }),
  }));
  return [...bubblewrap, ...unshare];
}

/** From the strongest to what still holds (sandbox.md §4): a container may forbid a fresh /proc, or mounts without a namespace. */
function setups(): readonly BubblewrapSetup[] {
  const users = isRoot() ? (['setpriv', 'namespace'] as const) : (['namespace'] as const);
  return users.flatMap((user) => (['fresh', 'bound'] as const).map((proc) => ({ user, proc })));
}

function nameOf(setup: BubblewrapSetup): string {
  const user = setup.user === 'setpriv' ? 'as root, then another user' : 'in a user namespace';
  return setup.proc === 'fresh' ? user : `${user}, with this machine's /proc`;
}
