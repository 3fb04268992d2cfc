import { createHash } from 'node:crypto';
import { chmod, chown, realpath, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Context } from '../../core/context.ts';
import { writeError } from '../../core/atomic-file.ts';
import { SlipwayError } from '../../core/errors.ts';
import { makeDirectory } from '../../core/make-directory.ts';
import { withLock } from '../../core/lock-directory.ts';
import { virtualParents, type Owner } from '../../layer/place.ts';
import type { BuildDirs } from '../../phases/build-dirs.ts';
import { giveTree } from '../../phases/shared-directory.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { dropTo } from '../../sandbox/user.ts';
import { DEFAULT_WORKSPACE, ownDataPaths } from './data.ts';
import { keepingSboms } from './keep-sboms.ts';
import type { BuildOptions } from './options.ts';
import { withInPlaceTree, type InPlaceTree } from './in-place-tree.ts';
import { resolveOptional } from './resolve-optional.ts';
import { fixedBase } from './fixed-base.ts';
import { copyTree, type FileFilter } from '../../workspace/copy-tree.ts';
import type { App } from '../app/open-app.ts';
import { removeTree } from '../../layer/remove-tree.ts';

/** What a build works on, and in. */
export interface Work {
  readonly app: App;
  /** Which files of the app count; undefined: all. */
  readonly files: FileFilter | undefined;
  readonly sandbox: Sandbox;
}

/**
 * The directories of one `slipway build`: a copy of the app, so that buildpacks never write into the checkout, layers, and the
 * platform directory with the user's variables. Where the sandbox maps paths, buildpacks and image see `/layers` and `/workspace`
 * whatever lies beneath; without mapping the directories are at a path fixed by app and image name, and the image has that path.
 */
export async function withWorkTree<T>(
  options: WorkTreeOptions,
  work: Work,
  ctx: Context,
  task: (dirs: BuildDirs) => Promise<T>,
): Promise<T> {
  const { machine } = options;
  const { app, sandbox } = work;
  if (sandbox.mapsPaths) return fill(options, { ...work, base: join(ctx.tmp, 'work'), mapsPaths: true }, ctx, task);
  if (sandbox.name === 'in-place') {
    const layers = resolveOptional(machine.cwd, options.layersDir);
    return withInPlaceTree({ app: app.directory, layers }, ctx, (places) =>
      fill(options, { ...work, base: join(ctx.tmp, 'work'), mapsPaths: false, places }, ctx, task),
    );
  }
  const parent = await fixedBase(machine, ctx);
  const base = join(parent, fixedName(app.name, options.image));
  return withLock(`${base}.lock`, ctx, () => fill(options, { ...work, base, mapsPaths: false }, ctx, task));
}

interface WorkTreeOptions extends BuildOptions {
  /** Called in the end with the directory of all; default: it is removed. */
  readonly release?: (path: string, ctx: Context) => Promise<void>;
}

interface Tree extends Work {
  readonly base: string;
  readonly mapsPaths: boolean;
  /** Directories that are there already. */
  readonly places?: InPlaceTree;
}

async function fill<T>(
  options: WorkTreeOptions,
  tree: Tree,
  ctx: Context,
  task: (dirs: BuildDirs) => Promise<T>,
): Promise<T> {
  const { machine } = options;
  const owner = { uid: options.uid ?? 1000, gid: options.gid ?? 1000 };
  const real = {
    layers: options.layersDir === undefined ? join(tree.base, 'layers') : resolve(machine.cwd, options.layersDir),
    app: join(tree.base, 'workspace'),
    platform: join(tree.base, 'platform'),
    ...tree.places,
  };
  const made = tree.places === undefined ? [real.layers, real.app] : [];
  const fileOwner = dropTo(owner);
  await prepared(tree.base, async () => {
    await removeTree(tree.base, ctx);
    for (const directory of [tree.base, ...made, real.platform, join(real.platform, 'env')])
      await openDirectory(directory);
    for (const [name, value] of Object.entries(options.env ?? {}))
      await writeOpenFile(join(real.platform, 'env', name), value);
    if (fileOwner !== undefined)
      for (const directory of [real.layers, real.app]) await chown(directory, fileOwner.uid, fileOwner.gid);
  });
  try {
    if (real.app === tree.app.directory) await takeInPlace(tree, owner);
    else await copyApp(options, tree, { to: real.app, owner: fileOwner }, ctx);
    const dirs = dirsOf(options, real, tree.mapsPaths ? owner : { ...owner, inPlace: true });
    return await keepingSboms(options, dirs, ctx, () => task(dirs));
  } finally {
    await (options.release ?? removeTree)(tree.base, ctx);
  }
}

async function copyApp(
  options: BuildOptions,
  { app, files }: Tree,
  { to, owner }: { readonly to: string; readonly owner: Owner | undefined },
  ctx: Context,
): Promise<void> {
  await copyTree(app.directory, to, ctx, {
    skip: new Set(await ownPaths(options)),
    maySpend: app.isUnpacked,
    ...(owner === undefined ? {} : { owner }),
    ...(files === undefined ? {} : { filter: files }),
  });
}

/** The app that is built where it is keeps all of its files, and its path is in the image. */
async function takeInPlace({ app, files }: Tree, owner: Owner): Promise<void> {
  if (files === undefined && !app.isUnpacked) return giveTree(app.directory, owner);
  const what = files === undefined ? 'an archive' : 'a part of the app';
  throw new SlipwayError('NOT_SUPPORTED', `${what} cannot be built where it is: /workspace is not free`, {
    exit: 3,
    hint: 'start the job with an empty /workspace that its user may write to',
  });
}

/** Another user's buildpacks look into it, and its mode is in the image: the umask has no say. */
async function openDirectory(path: string): Promise<void> {
  await makeDirectory(path);
  await chmod(path, 0o755);
}

async function writeOpenFile(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o644);
}

/** A refusal of the file system names the place and what to do. */
async function prepared(path: string, task: () => Promise<unknown>): Promise<void> {
  try {
    await task();
  } catch (error) {
    throw writeError(path, error);
  }
}

interface RealPaths {
  readonly layers: string;
  readonly app: string;
  readonly platform: string;
}

function dirsOf(options: BuildOptions, real: RealPaths, owner: Owner & { readonly inPlace?: boolean }): BuildDirs {
  const { uid, gid } = owner;
  const place = (path: string, logical: string): BuildDirs['layers'] => {
    const seen = owner.inPlace === true ? path : logical;
    return { real: path, logical: seen, owner: { uid, gid }, parents: virtualParents(seen, { uid, gid }) };
  };
  return {
    layers: place(real.layers, '/layers'),
    app: place(real.app, options.workspace ?? DEFAULT_WORKSPACE),
    platform: { real: real.platform, logical: '/platform' },
    buildConfig: { real: join(real.platform, 'no-build-config'), logical: '/cnb/build-config' },
    // A builder's are in its own root (`builderDirs`).
    buildpacks: { real: resolve(options.machine.cwd, options.buildpacks ?? real.platform), logical: '/cnb/buildpacks' },
  };
}

/** Paths that this very build writes and that may lie inside the app: its outputs, caches, layers and report. */
export async function ownPaths(options: BuildOptions): Promise<readonly string[]> {
  const { cwd } = options.machine;
  const outputs = options.outputs.flatMap(({ location }) =>
    'dir' in location ? [location.dir] : 'file' in location ? [location.file] : [],
  );
  const all = [...outputs, ...ownDataPaths(options), options.layersDir, options.onErrorDir, options.report];
  const paths = all.flatMap((path) => (path === undefined || path === '-' ? [] : [resolve(cwd, path)]));
  return Promise.all(paths.map((path) => realpath(path).catch(() => path)));
}

function fixedName(app: string, image: string): string {
  const hash = createHash('sha256').update(`${app}\0${image}`).digest('hex');
  return hash.slice(0, 16);
}
