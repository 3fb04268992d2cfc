import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isSystem, systemCode } from '../core/errors.ts';
import type { CgroupPlace, Controller } from './cgroup-place.ts';
import type { SandboxLimits } from './limits.ts';

/** Control groups with limits, for one command and all of its processes. */
export interface Cgroup extends AsyncDisposable {
  /** Whatever a synchronous task starts is in the groups. */
  readonly within: <T>(task: () => T) => T;
  /** Which limits made the kernel act so far. */
  readonly broken: () => readonly Controller[];
}

/** Makes groups at the places, with the limits. Disposing removes them, when all that was in them is gone. Throws system errors. */
export function openCgroup(places: readonly CgroupPlace[], limits: SandboxLimits, name: string): Cgroup {
  const groups: Group[] = [];
  try {
    for (const place of places) groups.push(makeGroup(place, limits, name));
  } catch (error) {
    for (const group of groups) rmdirSync(group.path);
    throw error;
  }
  return {
    within: (task) => {
      for (const { path } of groups) enter(path);
      try {
        return task();
      } finally {
        for (const { home } of groups) enter(home);
      }
    },
    broken: () => groups.flatMap(brokenLimits),
    [Symbol.asyncDispose]: async () => {
      for (const { path } of groups) await removeGroup(path);
    },
  };
}

/** Those of the places where a group with such limits can really be made. */
export async function usablePlaces(
  places: readonly CgroupPlace[],
  limits: SandboxLimits,
): Promise<readonly CgroupPlace[]> {
  const usable: CgroupPlace[] = [];
  for (const place of places) {
    try {
      await using group = openCgroup([place], limits, `slipway-${String(process.pid)}-probe`);
      group.within(() => usable.push(place));
    } catch (error) {
      // The kernel has many ways to say no: EACCES, EPERM, EROFS, EBUSY, ENOSPC, EOPNOTSUPP.
      if (systemCode(error) === undefined) throw error;
    }
  }
  return usable;
}

interface Group {
  readonly path: string;
  /** Where this process is in between. */
  readonly home: string;
  readonly place: CgroupPlace;
}

function makeGroup(place: CgroupPlace, limits: SandboxLimits, name: string): Group {
  const home = place.mustMove ? leave(place) : place.own;
  const path = join(place.parent, name);
  sweep(place.parent);
  mkdirSync(path);
  try {
    const { memoryBytes, processes } = limits;
    if (place.controllers.includes('memory') && memoryBytes !== undefined) limitMemory(place, path, memoryBytes);
    if (place.controllers.includes('pids') && processes !== undefined)
      writeFileSync(join(path, 'pids.max'), String(processes));
    enter(path);
    enter(home);
  } catch (error) {
    rmdirSync(path);
    throw error;
  }
  return { path, home, place };
}

/** Removes groups of builds that were killed. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^slipway-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || Number(pid) === process.pid || existsSync(`/proc/${pid}`)) continue;
    try {
      rmdirSync(join(parent, name));
    } catch (error) {
      // Somebody else was faster, or a process of it is still there.
      if (!isSystem(error, 'ENOENT', 'EBUSY', 'EACCES', 'EPERM')) throw error;
    }
  }
}

/** A group has processes or limited groups below it, not both. */
function leave({ own, controllers }: CgroupPlace): string {
  const home = join(own, 'slipway');
  mkdirSync(home, { recursive: true });
  enter(home);
  writeFileSync(join(own, 'cgroup.subtree_control'), controllers.map((name) => `+${name}`).join(' '));
  return home;
}

function limitMemory({ version }: CgroupPlace, path: string, bytes: number): void {
  writeFileSync(join(path, version === 2 ? 'memory.max' : 'memory.limit_in_bytes'), String(bytes));
  // Swap would only delay it. Not every kernel counts it.
  const swap = join(path, version === 2 ? 'memory.swap.max' : 'memory.memsw.limit_in_bytes');
  if (existsSync(swap)) writeFileSync(swap, version === 2 ? '0' : String(bytes));
}

function brokenLimits({ path, place }: Group): readonly Controller[] {
  const memory = place.version === 2 ? 'memory.events' : 'memory.oom_control';
  return place.controllers.filter((controller) =>
    controller === 'memory' ? counted(join(path, memory), 'oom_kill') : counted(join(path, 'pids.events'), 'max'),
  );
}

function counted(file: string, key: string): boolean {
  try {
    return new RegExp(`^${key} [1-9]`, 'm').test(readFileSync(file, 'utf8'));
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'EOPNOTSUPP')) return false;
    throw error;
  }
}

/** Moves this process, with all its threads. */
function enter(group: string): void {
  writeFileSync(join(group, 'cgroup.procs'), String(process.pid));
}

/** The kernel may take a moment to forget processes that have ended. */
async function removeGroup(path: string): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    try {
      rmdirSync(path);
      return;
    } catch (error) {
      if (isSystem(error, 'ENOENT')) return;
      if (!isSystem(error, 'EBUSY')) throw error;
      await wait(ROUND_MS);
    }
  }
}

const MAX_ROUNDS = 100;
const ROUND_MS = 5;
