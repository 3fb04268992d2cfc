import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { BuildLimit } from '../../core/events.ts';
import type { BuildLimits } from '../../options/commands/build/limits.ts';
import { type CgroupPlace, type Controller, findCgroupPlaces, readCgroupView } from '../../sandbox/cgroup-place.ts';
import { usablePlaces } from '../../sandbox/cgroup.ts';
import { limitedSandbox } from '../../sandbox/limited.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { isRoot } from '../../sandbox/user.ts';

/** What `slipway build` was asked to hold buildpacks to. */
export interface LimitOptions {
  readonly commandLimits?: BuildLimits;
}

/** Limits that nothing could run under are refused before any work. */
export function checkLimits({ commandLimits: limits = {} }: LimitOptions): void {
  for (const [flag, value] of [
    ['time-limit', limits.timeMs],
    ['memory', limits.memoryBytes],
    ['pids-limit', limits.processes],
    ['disk', limits.diskBytes],
  ] as const) {
    if (value === 0)
      throw new SlipwayError('ARGUMENT_INVALID', `--${flag} 0 leaves nothing`, {
        hint: `leave --${flag} out for no limit`,
      });
  }
}

/** The sandbox with the limits, which are said with what holds them: a control group for all processes together, or less. */
export async function withLimits(
  sandbox: Sandbox,
  { commandLimits: limits = {} }: LimitOptions,
  ctx: Context,
): Promise<Sandbox> {
  const { timeMs, memoryBytes, processes, diskBytes } = limits;
  const wanted: readonly Controller[] = [
    ...(memoryBytes === undefined ? [] : (['memory'] as const)),
    ...(processes === undefined ? [] : (['pids'] as const)),
  ];
  if (Object.keys(limits).length === 0) return sandbox;
  const view = wanted.length === 0 ? undefined : readCgroupView();
  const found = view === undefined ? [] : findCgroupPlaces(view, wanted);
  const places = await usablePlaces(found, { memoryBytes: memoryBytes ?? 0, processes: processes ?? 0 });
  ctx.emit({ type: 'limits.set', limits: describe(limits, sandbox, places) });
  return limitedSandbox(sandbox, {
    limits: {
      ...(timeMs === undefined ? {} : { wallMs: timeMs }),
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(processes === undefined ? {} : { processes }),
      ...(diskBytes === undefined ? {} : { diskBytes, fileSizeBytes: diskBytes, temporaryBytes: diskBytes }),
    },
    places,
  });
}

function describe(
  { timeMs, memoryBytes, processes, diskBytes }: BuildLimits,
  sandbox: Sandbox,
  places: readonly CgroupPlace[],
): readonly BuildLimit[] {
  const grouped = places.flatMap((place) => place.controllers);
  // A user namespace of its own has a count of its own.
  const isCounted = sandbox.mapsPaths && sandbox.name !== 'chroot' && !isRoot();
  return [
    ...limit('time', timeMs, 'for each command'),
    ...limit('memory', memoryBytes, grouped.includes('memory') ? TOGETHER : `for each process by itself: ${NO_GROUP}`),
    ...limit(
      'processes',
      processes,
      grouped.includes('pids')
        ? TOGETHER
        : isCounted
          ? 'for each command'
          : `counting all processes of the build user on this machine: ${NO_GROUP}`,
    ),
    ...limit('disk', diskBytes, 'for each command'),
  ];
}

const TOGETHER = 'for all processes of a command together, by a cgroup';
const NO_GROUP = 'no cgroup can be made here';

function limit(name: BuildLimit['limit'], value: number | undefined, how: string): readonly BuildLimit[] {
  return value === undefined ? [] : [{ limit: name, value, how }];
}
