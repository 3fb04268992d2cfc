import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TargetMetadata } from '../../cnb/analyzed.ts';
import { apiSubject } from '../../cnb/deprecations.ts';
import type { Env } from '../../cnb/env.ts';
import { buildpackFeatures } from '../../cnb/features.ts';
import { encodeBuildpackPlan } from '../../cnb/files/plan.ts';
import { escapeId, moduleName, type ModuleDescriptor } from '../../cnb/module.ts';
import type { Require } from '../../cnb/plan.ts';
import { writeError } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import { failureOf } from '../../sandbox/sandbox.ts';
import { copyTree } from '../../workspace/copy-tree.ts';
import type { DirPair } from '../build-dirs.ts';
import { targetVariables, withPlatformSettings } from '../buildpack-environment.ts';
import { mount, seenPath, seenRoot } from '../buildpack-view.ts';
import { runProgram, type ProgramSetting } from '../run-program.ts';
import { giveTree, ownedDirectory, scratchDirectory } from '../shared-directory.ts';

/** What all extensions of one group share. */
export interface GenerateSetting extends ProgramSetting {
  /** Each extension writes to a directory of its own in it. */
  readonly out: DirPair;
  readonly target: TargetMetadata;
  readonly env: Env;
}

export interface GenerateTurn {
  readonly module: ModuleDescriptor;
  /** What it is asked to provide. */
  readonly requires: readonly Require[];
}

/**
 * Fills the extension's output directory, emptied before: by `bin/generate`, else with a copy of its `generate/` (contract §8.2, GAP-16).
 * Throws `EXTENSION_FAILED` (exit 91) with the program's exit code or signal.
 */
export async function runGenerate(turn: GenerateTurn, setting: GenerateSetting, ctx: Context): Promise<void> {
  const { module } = turn;
  const { owner } = setting.dirs.layers;
  const id = escapeId(module.id);
  const out = { real: join(setting.out.real, id), logical: join(setting.out.logical, id) };
  await emptyDirectory(out.real);
  await ownedDirectory(out.real, owner);
  if (!module.hasGenerate) {
    const prepared = join(module.root, 'generate');
    if ((await pathKind(prepared)) === 'directory') await copyTree(prepared, out.real, ctx);
    await giveTree(out.real, owner);
    return;
  }
  debug(ctx, 'Invoking command');
  debug(ctx, 'Creating plan directory');
  const scratch = await scratchDirectory(id, owner, ctx);
  try {
    debug(ctx, 'Preparing paths');
    const planDirectory = { real: join(scratch, id), logical: `/tmp/${id}` };
    await mkdir(planDirectory.real);
    await writeFile(join(planDirectory.real, 'plan.toml'), encodeBuildpackPlan(turn.requires));
    await giveTree(scratch, owner);
    await execute(module, { out, planDirectory }, setting, ctx);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function execute(
  module: ModuleDescriptor,
  { out, planDirectory }: { readonly out: DirPair; readonly planDirectory: DirPair },
  setting: GenerateSetting,
  ctx: Context,
): Promise<void> {
  const { dirs, sandbox } = setting;
  const source = moduleName(module);
  const root = seenRoot(module, dirs, sandbox);
  const output = seenPath(out, sandbox);
  const platform = seenPath(dirs.platform, sandbox);
  const plan = join(seenPath(planDirectory, sandbox), 'plan.toml');
  debug(ctx, 'Running generate command');
  const { exit, lastLine } = await runProgram(
    {
      source,
      phase: 'generate',
      argv: [join(root, 'bin', 'generate'), output, platform, plan],
      env: {
        ...(await withPlatformSettings(setting.env, module, dirs)),
        // The execution environment is told to detect and build only (contract §7.4).
        ...targetVariables(setting.target, '', buildpackFeatures(module.api, apiSubject(module))),
        CNB_EXTENSION_DIR: root,
        CNB_OUTPUT_DIR: output,
        CNB_PLATFORM_DIR: platform,
        CNB_BP_PLAN_PATH: plan,
      },
      mounts: [mount(out, 'writable'), mount(planDirectory, 'writable')],
    },
    setting,
    ctx,
  );
  const failure = failureOf(exit);
  if (failure === undefined) return;
  const status = exit.kind === 'exited' ? { 'exit code': String(exit.code) } : {};
  throw new SlipwayError('EXTENSION_FAILED', `extension ${source} failed: ${failure}`, {
    details: { extension: source, ...status, ...(lastLine === '' ? {} : { 'last line': lastLine }) },
    hint: `read what ${source} printed above`,
  });
}

async function emptyDirectory(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    throw writeError(path, error);
  }
}

function debug(ctx: Context, message: string): void {
  ctx.emit({ type: 'log', level: 'debug', message });
}
