import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../core/context.ts';
import { hasCode, SlipwayError } from '../core/errors.ts';
import type { PassedOver } from '../core/events.ts';
import { sandboxAdvice } from './advice.ts';
import { failureOf, type Sandbox, type SandboxRequest, type SandboxRoot } from './sandbox.ts';
import { type Candidate, type CandidateOptions, candidates, type SandboxName } from './strategies.ts';
import { isRoot, letIn } from './user.ts';

const UNISOLATED = 'nothing is isolated: buildpacks run on this machine and can read and write whatever their user can';
const IN_CONTAINER: Readonly<Record<string, string>> = {
  chroot:
    'buildpacks run in the builder’s files but among the processes of this container: allow user namespaces there for isolation',
  'in-place':
    'buildpacks run in this container as it is, which must be the builder image: nothing else isolates them, and they can read what this program can, its environment and credentials too',
};

export type SandboxChoice = 'auto' | SandboxName;

/**
 * The sandbox that was asked for, proven by running nothing in it with the very options that buildpacks get (sandbox.md §1).
 * `auto` is the best that works, never `host` or `in-place`, and `chroot` only for root in a container: running buildpacks
 * unprotected is for the user to say. Emits `sandbox.chosen`, and a warning for those three. Throws `SANDBOX_UNAVAILABLE` with
 * everything that was tried and why it failed.
 */
export async function chooseSandbox(
  wanted: SandboxChoice,
  ctx: Context,
  options: CandidateOptions = {},
): Promise<Sandbox> {
  const { sandbox, passedOver } = await choose(wanted, ctx, options);
  ctx.emit({
    type: 'sandbox.chosen',
    strategy: sandbox.name,
    description: sandbox.description,
    ...(passedOver.length === 0 ? {} : { passedOver }),
  });
  if (sandbox.name === 'host') ctx.emit({ type: 'warning', code: 'SANDBOX_HOST', message: UNISOLATED });
  const announcement = IN_CONTAINER[sandbox.name];
  if (announcement !== undefined) ctx.emit({ type: 'warning', code: 'SANDBOX_WEAK', message: announcement });
  return sandbox;
}

/** What probing found out about one strategy. */
export interface SandboxVerdict {
  readonly name: SandboxName;
  /** Name and variant. */
  readonly title: string;
  readonly description: string;
  /** May be chosen by `auto`. */
  readonly isAutomatic: boolean;
  /** Why it does not work here; absent when it does. */
  readonly problem?: string;
}

/** Tries every strategy in every variant, best first: for `slipway doctor`. */
export async function surveySandboxes(
  ctx: Context,
  options: CandidateOptions = {},
): Promise<readonly SandboxVerdict[]> {
  const verdicts: SandboxVerdict[] = [];
  for (const candidate of candidates(options)) {
    const problem = await probeCandidate(candidate, ctx, options);
    const { name, title, isAutomatic, sandbox } = candidate;
    const { description } = sandbox;
    verdicts.push({ name, title, description, isAutomatic, ...(problem === undefined ? {} : { problem }) });
  }
  return verdicts;
}

/** Runs nothing in a sandbox: undefined when that works, else why it does not. */
export async function probeSandbox(
  sandbox: Sandbox,
  ctx: Context,
  root: SandboxRoot = { kind: 'host' },
  network: SandboxRequest['network'] = 'host',
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
        argv: ['/bin/sh', '-c', ': > /dev/null'],
        cwd: '/',
        env: { PATH: '/usr/bin:/bin', HOME: '/home/slipway' },
        mounts: [{ source: directory, target: '/layers', writable: true }],
        network,
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

interface Chosen {
  readonly sandbox: Sandbox;
  readonly passedOver: readonly PassedOver[];
}

async function choose(wanted: SandboxChoice, ctx: Context, options: CandidateOptions): Promise<Chosen> {
  const passedOver: PassedOver[] = [];
  for (const candidate of candidates(options)) {
    if (wanted === 'auto' ? !candidate.isAutomatic : candidate.name !== wanted) continue;
    const reason = candidate.name === 'host' ? undefined : await probeCandidate(candidate, ctx, options);
    if (reason === undefined) return { sandbox: candidate.sandbox, passedOver };
    passedOver.push({ strategy: candidate.name, variant: candidate.title, reason });
  }
  const subject = wanted === 'auto' ? 'no sandbox for buildpacks works' : `the sandbox ${wanted} does not work`;
  throw new SlipwayError('SANDBOX_UNAVAILABLE', `${subject} on this machine`, {
    details: Object.fromEntries(passedOver.map(({ variant, reason }) => [variant, reason])),
    hint:
      wanted === 'auto'
        ? await sandboxAdvice(passedOver, options)
        : `leave --sandbox ${wanted} out: then the best that works here is taken`,
  });
}

/** Runs nothing, as buildpacks will be run. What a strategy does not do at all is a reason too. */
async function probeCandidate(
  candidate: Candidate,
  ctx: Context,
  options: CandidateOptions,
): Promise<string | undefined> {
  try {
    return await probeSandbox(candidate.sandbox, ctx, rootFor(candidate, options), options.network);
  } catch (error) {
    if (hasCode(error, 'NOT_SUPPORTED')) return error.message;
    throw error;
  }
}

/** The last two have no other root than the one they are in. */
function rootFor(candidate: Candidate, { root = { kind: 'host' } }: CandidateOptions): SandboxRoot {
  return candidate.name === 'host' || candidate.name === 'in-place' ? { kind: 'host' } : root;
}
