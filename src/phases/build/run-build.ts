import { lstat, mkdir, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TargetMetadata } from '../../cnb/analyzed.ts';
import type { Env } from '../../cnb/env.ts';
import type { BuildpackFeatures } from '../../cnb/features.ts';
import { encodeBuildpackPlan } from '../../cnb/files/plan.ts';
import { escapeId, moduleName, type ModuleDescriptor } from '../../cnb/module.ts';
import type { Require } from '../../cnb/plan.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { failureOf, type SandboxExit } from '../../sandbox/sandbox.ts';
import { pathVariables, targetVariables, withPlatformSettings } from '../buildpack-environment.ts';
import { mount, seenPath, seenRoot } from '../buildpack-view.ts';
import { runProgram, type ProgramSetting } from '../run-program.ts';
import { giveTree, scratchDirectory } from '../shared-directory.ts';

/** What all buildpacks of one build share. */
export interface BuildSetting extends ProgramSetting {
  readonly target: TargetMetadata;
  readonly execEnv: string;
}

/** One buildpack's turn. */
export interface BuildTurn {
  readonly module: ModuleDescriptor;
  readonly features: BuildpackFeatures;
  /** What it is asked to provide. */
  readonly requires: readonly Require[];
  /** Variables as inherited and changed by the layers of earlier buildpacks. */
  readonly env: Env;
}

/**
 * Runs `bin/build` (contract §12.1): cwd is the app, output becomes `output` events, one a line, of both streams. Throws
 * `BUILDPACK_FAILED` (exit 51) with the buildpack and its own exit code or signal.
 */
export async function runBuild(turn: BuildTurn, setting: BuildSetting, ctx: Context): Promise<void> {
  const { module } = turn;
  const owner = setting.dirs.layers.owner;
  const id = escapeId(module.id);
  debug(ctx, 'Creating plan directory');
  const scratch = await scratchDirectory(id, owner, ctx);
  try {
    debug(ctx, 'Preparing paths');
    await mkdir(join(scratch, id));
    await writeFile(join(scratch, id, 'plan.toml'), encodeBuildpackPlan(turn.requires));
    await giveTree(scratch, owner);
    const env = await withPlatformSettings(turn.env, module, setting.dirs);
    debug(ctx, 'Running build command');
    await execute({ ...turn, env }, setting, scratch, ctx);
  } finally {
    await clearWays(setting.dirs.layers.real);
    await rm(scratch, { recursive: true, force: true });
  }
}

/** We write to these later: what a buildpack put there, a link out of the layers above all, goes first. */
async function clearWays(layers: string): Promise<void> {
  await rm(join(layers, 'sbom'), { recursive: true, force: true });
  const config = await lstat(join(layers, 'config')).catch((error: unknown) => {
    if (isSystem(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (config?.isDirectory() === false) await unlink(join(layers, 'config'));
}

async function execute(turn: BuildTurn, setting: BuildSetting, scratch: string, ctx: Context): Promise<void> {
  const { module } = turn;
  const { dirs, sandbox } = setting;
  const source = moduleName(module);
  const id = escapeId(module.id);
  const root = seenRoot(module, dirs, sandbox);
  const layers = join(seenPath(dirs.layers, sandbox), id);
  const platform = seenPath(dirs.platform, sandbox);
  const planMount = { real: join(scratch, id), logical: `/tmp/${id}` };
  const plan = join(seenPath(planMount, sandbox), 'plan.toml');
  const { exit, lastLine } = await runProgram(
    {
      source,
      phase: 'build',
      argv: [join(root, 'bin', 'build'), layers, platform, plan],
      env: {
        ...turn.env,
        ...targetVariables(setting.target, setting.execEnv, turn.features),
        CNB_BUILDPACK_DIR: root,
        ...pathVariables({ CNB_PLATFORM_DIR: platform, CNB_LAYERS_DIR: layers, CNB_BP_PLAN_PATH: plan }, turn.features),
      },
      mounts: [mount(dirs.layers, 'writable'), mount(planMount, 'writable')],
    },
    setting,
    ctx,
  );
  const failure = failureOf(exit);
  if (failure !== undefined) throw buildpackFailed(source, failure, exit, lastLine);
}

function buildpackFailed(source: string, failure: string, exit: SandboxExit, lastLine: string): SlipwayError {
  const status = exit.kind === 'exited' ? { 'exit code': String(exit.code) } : {};
  return new SlipwayError('BUILDPACK_FAILED', `buildpack ${source} failed: ${failure}`, {
    details: { buildpack: source, ...status, ...(lastLine === '' ? {} : { 'last line': lastLine }) },
    hint: `read what ${source} printed above`,
  });
}

function debug(ctx: Context, message: string): void {
  ctx.emit({ type: 'log', level: 'debug', message });
}
