import { join } from 'node:path';
import { BOM_WARNING, ownedBom, type OwnedBomEntry } from '../../cnb/bom.ts';
import type { Env } from '../../cnb/env.ts';
import { buildpackFeatures } from '../../cnb/features.ts';
import type { LaunchFile } from '../../cnb/files/launch.ts';
import { escapeId, moduleName, type GroupElement } from '../../cnb/module.ts';
import type { Plan } from '../../cnb/plan.ts';
import { mergeProcesses, type MergedProcesses } from '../../cnb/processes.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, messageOf, retold, SlipwayError } from '../../core/errors.ts';
import { readBuild, readLaunch, readStore } from '../../workspace/buildpack-files.ts';
import type { ModuleFinder } from '../../workspace/buildpacks.ts';
import { seenPath } from '../buildpack-view.ts';
import { ownedDirectory } from '../shared-directory.ts';
import { requiresFor, withoutMet } from './plan-filter.ts';
import { processLayers, withBuildLayers } from './process-layers.ts';
import { runBuild, type BuildSetting } from './run-build.ts';
import { collectSboms, type SbomCopy } from './sboms.ts';

/** What is carried from buildpack to buildpack. */
export interface BuildState {
  readonly env: Env;
  /** What is still to be provided. */
  readonly plan: Plan;
  readonly launches: readonly LaunchFile[];
  readonly processes: MergedProcesses;
  readonly sboms: readonly SbomCopy[];
  readonly launchBom: readonly OwnedBomEntry[];
  readonly buildBom: readonly OwnedBomEntry[];
}

/**
 * One buildpack's turn: runs it, reads what it left and adds that to the state. Throws `BUILDPACK_FAILED` (51), or with exit 52 what
 * is wrong with its files.
 */
export async function buildOne(
  element: GroupElement,
  state: BuildState,
  { setting, modules }: { readonly setting: BuildSetting; readonly modules: ModuleFinder },
  ctx: Context,
): Promise<BuildState> {
  const name = moduleName(element);
  debug(ctx, `Running build for buildpack ${name}`);
  debug(ctx, 'Looking up buildpack');
  const module = await modules.find(element.id, element.version);
  const features = buildpackFeatures(module.api, `Buildpack '${name}'`);
  debug(ctx, 'Finding plan');
  const requires = requiresFor(module, state.plan);
  const { layers: place } = setting.dirs;
  const directory = join(place.real, escapeId(module.id));
  await ownedDirectory(directory, place.owner);
  ctx.emit({ type: 'buildpack.start', phase: 'build', buildpack: name });
  await runBuild({ module, features, requires, env: state.env }, setting, ctx);
  return readable(name, async () => {
    debug(ctx, 'Processing layers');
    const layers = await processLayers(directory);
    debug(ctx, 'Updating environment');
    const seen = join(seenPath(place, setting.sandbox), escapeId(module.id));
    const env = await withBuildLayers(state.env, layers, seen);
    debug(ctx, 'Reading output files');
    const { unmet, bom } = await readBuild(join(directory, 'build.toml'));
    const sboms = await collectSboms(module, layers, place);
    const written = await readLaunch(join(directory, 'launch.toml'), features, module.id);
    const launch = features.hasWorkingDirs ? written : withoutWorkingDirs(written, ctx);
    await readStore(join(directory, 'store.toml'), module.id);
    if (sboms.length === 0) for (const list of [bom, launch.bom]) if (list.length > 0) warn(ctx, BOM_WARNING);
    const plan = withoutMet(state.plan, requires, unmet, module);
    debug(ctx, 'Updating buildpack processes');
    const launches = [...state.launches, launch];
    debug(ctx, 'Updating process list');
    const processes = mergeProcesses(launches.map((file) => file.processes));
    for (const warning of processes.warnings.slice(state.processes.warnings.length)) warn(ctx, warning);
    debug(ctx, `Finished running build for buildpack ${name}`);
    return {
      env,
      plan,
      launches,
      processes,
      sboms: [...state.sboms, ...sboms],
      launchBom: [...state.launchBom, ...ownedBom(launch.bom, module)],
      buildBom: [...state.buildBom, ...ownedBom(bom, module)],
    };
  });
}

/** Whatever is wrong with what a buildpack left is the buildpack's fault: exit 52, by its name. */
async function readable<T>(name: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof SlipwayError) throw retold(error, { exit: error.exit ?? 52, details: { buildpack: name } });
    if (!isSystem(error, 'EACCES', 'EPERM', 'ELOOP', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG', 'ENOENT')) throw error;
    throw new SlipwayError('FILE_NOT_READABLE', `cannot read what buildpack ${name} left: ${messageOf(error)}`, {
      cause: error,
      exit: 52,
      details: { buildpack: name },
    });
  }
}

/** Buildpack API 0.7 has no working directories. */
function withoutWorkingDirs(launch: LaunchFile, ctx: Context): LaunchFile {
  const processes = launch.processes.map(({ workingDir, ...process }) => {
    if (workingDir !== undefined)
      warn(
        ctx,
        `Warning: process working directory isn't supported in this buildpack api version. Ignoring working directory for process '${process.type}'`,
      );
    return process;
  });
  return { ...launch, processes };
}

function debug(ctx: Context, message: string): void {
  ctx.emit({ type: 'log', level: 'debug', message });
}

function warn(ctx: Context, message: string): void {
  ctx.emit({ type: 'log', level: 'warn', message });
}
