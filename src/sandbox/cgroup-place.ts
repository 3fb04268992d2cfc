import { accessSync, constants, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isSystem } from '../core/errors.ts';
import { isWithin } from './root-tree.ts';

export type Controller = 'memory' | 'pids';

/** Where a group for a command can be made below, and where this process is and goes back to. */
export interface CgroupPlace {
  readonly version: 1 | 2;
  readonly controllers: readonly Controller[];
  readonly parent: string;
  readonly own: string;
  /** `own` is `parent`, which must have no process of its own while it has limited groups: this process has to leave it for good. */
  readonly mustMove: boolean;
}

/** What this process's cgroups look like: files of /proc, and a root in tests. */
export interface CgroupView {
  /** Text of /proc/self/cgroup. */
  readonly membership: string;
  /** Text of /proc/self/mountinfo. */
  readonly mounts: string;
}

/** Undefined where the kernel does not tell. */
export function readCgroupView(): CgroupView | undefined {
  try {
    return {
      membership: readFileSync('/proc/self/cgroup', 'utf8'),
      mounts: readFileSync('/proc/self/mountinfo', 'utf8'),
    };
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'EACCES')) return undefined;
    throw error;
  }
}

/**
 * Where groups can be made: version 2 with all controllers that are wanted, else a hierarchy of version 1 for each
 * (https://docs.kernel.org/admin-guide/cgroup-v2.html). Nothing is changed by asking.
 */
export function findCgroupPlaces(view: CgroupView, wanted: readonly Controller[]): readonly CgroupPlace[] {
  const unified = unifiedPlace(view, wanted);
  if (unified !== undefined) return [unified];
  return wanted.flatMap((controller) => {
    const own = directoryOf(view, 1, controller);
    return own === undefined || !isWritable(own)
      ? []
      : [{ version: 1, controllers: [controller], parent: own, own, mustMove: false }];
  });
}

function unifiedPlace(view: CgroupView, wanted: readonly Controller[]): CgroupPlace | undefined {
  const own = directoryOf(view, 2);
  const top = mountPoint(view, 2)?.path;
  if (own === undefined || top === undefined) return undefined;
  const place = { version: 2, controllers: wanted, own } as const;
  for (let parent = dirname(own); isWithin(parent, top); parent = dirname(parent)) {
    if (isWritable(parent) && hasAll(join(parent, 'cgroup.subtree_control'), wanted))
      return { ...place, parent, mustMove: false };
  }
  // The group is ours alone: a service or scope that is delegated, a container with its own.
  const isAlone = words(join(own, 'cgroup.procs')).every((pid) => pid === String(process.pid));
  if (!isWritable(own) || !isAlone || !hasAll(join(own, 'cgroup.controllers'), wanted)) return undefined;
  return { ...place, parent: own, mustMove: true };
}

/** The directory of the group that this process is in. */
function directoryOf(view: CgroupView, version: 1 | 2, controller = ''): string | undefined {
  const mount = mountPoint(view, version, controller);
  const line = view.membership.split('\n').find((text) => {
    const names = text.split(':')[1] ?? '-';
    return version === 2 ? text.startsWith('0::') : names.split(',').includes(controller);
  });
  const path = line?.split(':').slice(2).join(':');
  if (mount === undefined || path === undefined || !isWithin(path, mount.root)) return undefined;
  return resolve(join(mount.path, mount.root === '/' ? path : path.slice(mount.root.length)));
}

function mountPoint(
  view: CgroupView,
  version: 1 | 2,
  controller = '',
): { readonly root: string; readonly path: string } | undefined {
  for (const line of view.mounts.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , root = '', path = ''] = left.split(' ');
    const [type, , options = ''] = right.split(' ');
    if (version === 2 ? type === 'cgroup2' : type === 'cgroup' && options.split(',').includes(controller))
      return { root, path };
  }
  return undefined;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    accessSync(join(path, 'cgroup.procs'), constants.W_OK);
    return true;
  } catch {
    return false; // Any reason is one.
  }
}

function hasAll(file: string, wanted: readonly Controller[]): boolean {
  const found = words(file);
  return wanted.every((controller) => found.includes(controller));
}

function words(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .split(/\s+/)
      .filter((word) => word !== '');
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'EACCES', 'EOPNOTSUPP')) return [];
    throw error;
  }
}
