import type { Context } from '../core/context.ts';
import { hasCode } from '../core/errors.ts';
import { openCgroup } from './cgroup.ts';
import type { CgroupPlace } from './cgroup-place.ts';
import { watchDisk } from './disk-watch.ts';
import type { SandboxLimits } from './limits.ts';
import type { Sandbox, SandboxExit, SandboxRequest } from './sandbox.ts';

/** What every command of a build may use, and the control groups of this machine that hold it to that. */
export interface HeldLimits {
  readonly limits: SandboxLimits;
  readonly places: readonly CgroupPlace[];
}

/** The sandbox with limits on each of its commands. What ends a command that goes beyond one is its exit. */
export function limitedSandbox(sandbox: Sandbox, held: HeldLimits): Sandbox {
  let commands = 0;
  return {
    ...sandbox,
    run: (request, ctx) =>
      run({ sandbox, held, name: `slipway-${String(process.pid)}-${String(commands++)}` }, request, ctx),
  };
}

interface Limited {
  readonly sandbox: Sandbox;
  readonly held: HeldLimits;
  readonly name: string;
}

async function run({ sandbox, held, name }: Limited, request: SandboxRequest, ctx: Context): Promise<SandboxExit> {
  const { limits, places } = held;
  await using group = places.length === 0 ? undefined : openCgroup(places, limits, name);
  using watch =
    limits.diskBytes === undefined
      ? undefined
      : await watchDisk(writablePaths(request, ctx), limits.diskBytes, ctx.clock);
  const signal = watch === undefined ? ctx.signal : AbortSignal.any([ctx.signal, watch.signal]);
  const own = { ...request.limits, ...withoutGroups(held) };
  const within = group === undefined ? {} : { within: group.within };
  try {
    const exit = await sandbox.run({ ...request, limits: own, ...within }, { ...ctx, signal });
    return overLimit(exit, limits, group?.broken() ?? []);
  } catch (error) {
    if (watch?.signal.aborted !== true || ctx.signal.aborted || !hasCode(error, 'INTERRUPTED')) throw error;
    return { kind: 'over-limit', limit: 'disk', value: limits.diskBytes ?? 0 };
  }
}

/** What a group limits for all processes together needs no limit for each. */
function withoutGroups({ limits, places }: HeldLimits): SandboxLimits {
  const grouped = places.flatMap((place) => place.controllers);
  const { memoryBytes, processes, ...others } = limits;
  return {
    ...others,
    ...(memoryBytes === undefined || grouped.includes('memory') ? {} : { memoryBytes }),
    ...(processes === undefined || grouped.includes('pids') ? {} : { processes }),
  };
}

function writablePaths({ mounts }: SandboxRequest, ctx: Context): readonly string[] {
  return [...mounts.filter((mount) => mount.writable).map((mount) => mount.source), ctx.tmp];
}

/** A command that failed, and why: a limit that made the kernel act, or the signal for a file that is too large. */
function overLimit(exit: SandboxExit, limits: SandboxLimits, broken: readonly string[]): SandboxExit {
  if (exit.kind === 'exited' && exit.code === 0) return exit;
  if (exit.kind !== 'exited' && exit.kind !== 'signalled') return exit;
  if (broken.includes('memory')) return { kind: 'over-limit', limit: 'memory', value: limits.memoryBytes ?? 0 };
  if (broken.includes('pids')) return { kind: 'over-limit', limit: 'processes', value: limits.processes ?? 0 };
  if (exit.kind === 'signalled' && exit.signal === 'SIGXFSZ' && limits.fileSizeBytes !== undefined)
    return { kind: 'over-limit', limit: 'file', value: limits.fileSizeBytes };
  return exit;
}
