import { chmod, mkdir, mkdtemp, rmdir, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Context } from '../core/context.ts';
import { isSystem } from '../core/errors.ts';
import { flagsAt, mountsBelow, readMountTable } from './mount-table.ts';
import { planRoot, resolveInside } from './root-plan.ts';
import { isWithin } from './root-tree.ts';
import type { Mount, SandboxRequest } from './sandbox.ts';

/** One step that turns a skeleton into a root, in order. Targets are paths inside. */
export type MountStep =
  | {
      readonly kind: 'bind';
      readonly source: string;
      readonly target: string;
      readonly writable: boolean;
      /** Mount options besides read-only. */
      readonly flags: readonly string[];
      readonly isDirectory: boolean;
      /** Mounts that come along and get the same access: paths inside, with their options. */
      readonly along: readonly {
        readonly source: string;
        readonly target: string;
        readonly flags: readonly string[];
      }[];
    }
  | { readonly kind: 'proc' | 'dev' }
  | { readonly kind: 'tmpfs'; readonly target: string; readonly access: 'everybody' | 'command' | 'nobody' };

/**
 * A directory of empty mount points and links in the shape of a root, and what to mount there: for strategies whose programs need
 * every mount point to exist. Closing removes exactly what was made, so that nothing that is mounted there could ever be lost.
 */
export interface Skeleton extends AsyncDisposable {
  readonly directory: string;
  readonly steps: readonly MountStep[];
}

export async function makeSkeleton(
  request: SandboxRequest,
  hidden: readonly string[],
  ctx: Context,
): Promise<Skeleton> {
  const plan = await planRoot(request, hidden);
  const mounts = request.root.kind === 'host' ? await withoutLinks(plan.mounts) : plan.mounts;
  const directory = await mkdtemp(join(ctx.tmp, 'root-'));
  const made = new Made(directory);
  try {
    await chmod(directory, 0o755);
    const steps: MountStep[] = [];
    for (const entry of plan.tree) {
      switch (entry.kind) {
        case 'directory':
          await made.directory(entry.path);
          break;
        case 'symlink':
          await made.link(entry.target, entry.path);
          break;
        case 'bind':
          await (entry.isDirectory ? made.directory(entry.path) : made.file(entry.path));
          steps.push(await bind({ source: entry.source, target: entry.path, writable: false }));
          break;
        case 'cover-directory':
          steps.push({ kind: 'tmpfs', target: entry.path, access: 'nobody' });
          break;
        case 'cover-file':
          steps.push(await bind({ source: '/dev/null', target: entry.path, writable: false }));
          break;
      }
    }
    for (const path of ['/proc', '/dev', '/tmp']) await made.directory(path);
    steps.push({ kind: 'proc' }, { kind: 'dev' }, { kind: 'tmpfs', target: '/tmp', access: 'everybody' });
    if (plan.hasVarTmp) steps.push({ kind: 'tmpfs', target: '/var/tmp', access: 'everybody' });
    if (plan.home !== undefined) {
      await placeFor(plan.home, true, steps, made);
      steps.push({ kind: 'tmpfs', target: plan.home, access: 'command' });
    }
    for (const mount of mounts) {
      const step = await bind(mount);
      await placeFor(mount.target, step.isDirectory, steps, made);
      steps.push(step);
    }
    return { directory, steps, [Symbol.asyncDispose]: () => made.remove() };
  } catch (error) {
    await made.remove();
    throw error;
  }
}

type BindStep = MountStep & { readonly kind: 'bind' };

async function bind(mount: Mount): Promise<BindStep> {
  const table = await readMountTable();
  const safe = (flags: readonly string[]): readonly string[] => [...new Set(['nosuid', 'nodev', ...flags])];
  const isDevice = mount.source.startsWith('/dev/');
  return {
    kind: 'bind',
    ...mount,
    flags: isDevice ? flagsAt(mount.source, table) : safe(flagsAt(mount.source, table)),
    isDirectory: (await stat(mount.source)).isDirectory(),
    along: mountsBelow(mount.source, table).map(({ path, flags }) => ({
      source: path,
      target: join(mount.target, path.slice(mount.source.length)),
      flags: safe(flags),
    })),
  };
}

/** A mount point below something that is mounted is not ours to make: whoever mounts it does. */
async function placeFor(path: string, isDirectory: boolean, steps: readonly MountStep[], made: Made): Promise<void> {
  if (steps.some((step) => 'target' in step && path !== step.target && isWithin(path, step.target))) return;
  await (isDirectory ? made.directory(path) : made.file(path));
}

function withoutLinks(mounts: readonly Mount[]): Promise<readonly Mount[]> {
  return Promise.all(mounts.map(async (mount) => ({ ...mount, target: await resolveInside('/', mount.target) })));
}

/** Remembers what it makes. */
class Made {
  readonly #base: string;
  readonly #paths: { readonly path: string; readonly isDirectory: boolean }[] = [];

  constructor(base: string) {
    this.#base = base;
  }

  async directory(path: string): Promise<void> {
    if (path === '/') return;
    try {
      await mkdir(join(this.#base, path), { mode: 0o755 });
      await chmod(join(this.#base, path), 0o755);
    } catch (error) {
      if (isSystem(error, 'EEXIST')) return;
      if (!isSystem(error, 'ENOENT')) throw error;
      await this.directory(dirname(path));
      await this.directory(path);
      return;
    }
    this.#paths.push({ path, isDirectory: true });
  }

  async file(path: string): Promise<void> {
    await this.directory(dirname(path));
    try {
      await writeFile(join(this.#base, path), '', { flag: 'wx' });
    } catch (error) {
      if (isSystem(error, 'EEXIST')) return;
      throw error;
    }
    this.#paths.push({ path, isDirectory: false });
  }

  async link(target: string, path: string): Promise<void> {
    await symlink(target, join(this.#base, path));
    this.#paths.push({ path, isDirectory: false });
  }

  async remove(): Promise<void> {
    for (const { path, isDirectory } of this.#paths.reverse()) {
      await (isDirectory ? rmdir(join(this.#base, path)) : unlink(join(this.#base, path)));
    }
    await rmdir(this.#base);
  }
}
