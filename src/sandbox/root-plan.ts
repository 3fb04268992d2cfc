import { lstat, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystem, SlipwayError } from '../core/errors.ts';
import { isConcealed, isWithin, rootTree, type TreeEntry } from './root-tree.ts';
import { isDirectory, programDirectories } from './path-programs.ts';
import type { Mount, SandboxRequest } from './sandbox.ts';

/** How `/` of a command is put together, for every strategy that can mount. Beside it: own /proc, /dev and /tmp. */
export interface RootPlan {
  /** The read-only root. */
  readonly tree: readonly TreeEntry[];
  /** An empty private directory for HOME. */
  readonly home: string | undefined;
  readonly hasVarTmp: boolean;
  /** Name server settings, programs of PATH and the request's mounts, outer ones first; no target goes through a link of a foreign root. */
  readonly mounts: readonly Mount[];
}

/** The plan for a request. `hidden` are absolute paths of this machine that its own root must not show. */
export async function planRoot(request: SandboxRequest, hidden: readonly string[]): Promise<RootPlan> {
  return request.root.kind === 'host' ? planHost(request, hidden) : planForeign(request, request.root.path);
}

async function planHost(request: SandboxRequest, hidden: readonly string[]): Promise<RootPlan> {
  const wanted = outerFirst(request.mounts);
  const home = homeDirectory(request, wanted);
  const programs = await programDirectories(request.env['PATH'] ?? '', hidden);
  const targets = [...wanted.map((mount) => mount.target), ...programs, ...(home === undefined ? [] : [home])];
  const resolver = await resolverFile();
  const shown = resolver !== undefined && isConcealed(resolver, hidden) ? [resolver] : [];
  return {
    tree: await rootTree({ base: '/', hidden }, targets),
    home,
    hasVarTmp: await isDirectory('/var/tmp'),
    mounts: [...[...shown, ...programs].map(asItIs), ...wanted],
  };
}

/** A builder's root has its own programs and its own homes; of this machine it sees the mounts and how to find the network. */
async function planForeign(request: SandboxRequest, base: string): Promise<RootPlan> {
  if (!(await isDirectory(base))) throw new SlipwayError('FILE_NOT_FOUND', `no directory ${base} for a sandbox's root`);
  const mounts = outerFirst(
    await Promise.all(
      [...(await networkMounts(request)), ...request.mounts].map(async (mount) => ({
        ...mount,
        target: await resolveInside(base, mount.target),
      })),
    ),
  );
  const home = homeDirectory(request, mounts);
  const targets = [...mounts.map((mount) => mount.target), ...(home === undefined ? [] : [home])];
  return {
    tree: await rootTree({ base, hidden: [] }, targets),
    home,
    hasVarTmp: await isDirectory(join(base, 'var/tmp')),
    mounts,
  };
}

/** What a foreign root needs of this machine to reach its network: the name server settings. */
export async function networkMounts({ network }: SandboxRequest): Promise<readonly Mount[]> {
  const resolver = network === 'host' ? await resolverFile() : undefined;
  return resolver === undefined ? [] : [{ source: resolver, target: '/etc/resolv.conf', writable: false }];
}

/** Where a path of a foreign root leads, without ever leaving that root: its links are somebody else's. */
export async function resolveInside(base: string, path: string): Promise<string> {
  let rest = parts(path);
  let done: readonly string[] = [];
  for (let links = 0; rest.length > 0;) {
    const [name = '', ...after] = rest;
    rest = after;
    if (name === '..') {
      done = done.slice(0, -1);
      continue;
    }
    const here = join(base, ...done, name);
    const target = links < MAX_LINKS ? await linkTarget(here) : undefined;
    if (target === undefined) {
      done = [...done, name];
      continue;
    }
    links += 1;
    if (target.startsWith('/')) done = [];
    rest = [...parts(target), ...rest];
  }
  return `/${done.join('/')}`;
}

const MAX_LINKS = 40;

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}

function asItIs(path: string): Mount {
  return { source: path, target: path, writable: false };
}

function outerFirst(mounts: readonly Mount[]): readonly Mount[] {
  return [...mounts].sort((a, b) => parts(a.target).length - parts(b.target).length);
}

/** HOME as a private empty directory, unless it is one that must be seen as it is. */
export function homeDirectory(request: SandboxRequest, mounts: readonly Mount[]): string | undefined {
  const home = join('/', request.env['HOME'] ?? '/').replace(/(.)\/+$/, '$1');
  if (!(request.env['HOME'] ?? '').startsWith('/') || SYSTEM.some((directory) => isWithin(home, directory))) return;
  if (home === '/' || home === '/tmp' || home === '/var/tmp' || home === '/var' || home === '/opt') return;
  return mounts.some((mount) => isWithin(home, mount.target)) ? undefined : home;
}

/** Home directories of service users lie here (`/usr/sbin` for daemon): hiding them would hide the machine's programs. */
export const SYSTEM: readonly string[] = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/etc', '/dev', '/proc'];

/** The name server settings, which are often a link into /run. */
async function resolverFile(): Promise<string | undefined> {
  try {
    return await realpath('/etc/resolv.conf');
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'EACCES')) return undefined;
    throw error;
  }
}

function parts(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
