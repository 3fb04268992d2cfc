import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TargetMetadata } from '../../cnb/analyzed.ts';
import type { Env } from '../../cnb/env.ts';
import { apiSubject } from '../../cnb/deprecations.ts';
import { buildpackFeatures } from '../../cnb/features.ts';
import { decodeBuildPlan } from '../../cnb/files/build-plan.ts';
import { moduleName, type ModuleDescriptor } from '../../cnb/module.ts';
import type { DetectRun } from '../../cnb/resolve-plan.ts';
import type { Context } from '../../core/context.ts';
import { hasCode, messageOf, systemCode } from '../../core/errors.ts';
import { failureOf, type Sandbox, type SandboxExit } from '../../sandbox/sandbox.ts';
import { readInside } from '../../workspace/read-inside.ts';
import type { BuildDirs } from '../build-dirs.ts';
import { pathVariables, targetVariables, withPlatformSettings } from '../buildpack-environment.ts';
import { commonMounts, seenPath, seenRoot } from '../buildpack-view.ts';
import { giveTree, scratchDirectory } from '../shared-directory.ts';

/** What all runs of one detection share. */
export interface DetectSetting {
  readonly dirs: BuildDirs;
  readonly sandbox: Sandbox;
  /** Variables inherited by all modules. */
  readonly env: Env;
  readonly target: TargetMetadata;
  readonly execEnv: string;
  readonly network: 'host' | 'none';
}

/**
 * Runs `bin/detect` of one module (contract §7.3); an extension without it passes with its `detect/plan.toml`. Whatever the program or its files do wrong is a result with code -1; only
 * failures of ours, and an abort, are thrown.
 */
export async function runDetect(module: ModuleDescriptor, setting: DetectSetting, ctx: Context): Promise<DetectRun> {
  const owner = setting.dirs.layers.owner;
  if (module.kind === 'extension' && !module.hasDetect)
    return passed(module, join(module.root, 'detect', 'plan.toml'), '');
  const scratch = await scratchDirectory('detect', owner, ctx);
  try {
    const planFile = join(scratch, 'plan.toml');
    await writeFile(planFile, '', { mode: 0o600 });
    await giveTree(planFile, owner);
    const env = await environment(module, setting);
    if (typeof env === 'string') return { code: -1, output: '', error: env };
    const { exit, output } = await execute(module, { ...setting, env }, scratch, ctx);
    if (exit.kind !== 'exited') return { code: -1, output, error: failureOf(exit) ?? '' };
    return exit.code === 0 ? await passed(module, planFile, output) : { code: exit.code, output };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** More of one program's output is not kept. */
const OUTPUT_MAX_BYTES = 1 << 20;
const PLAN_DIRECTORY = '/tmp/plan';

async function execute(
  module: ModuleDescriptor,
  setting: DetectSetting,
  scratch: string,
  ctx: Context,
): Promise<{ readonly exit: SandboxExit; readonly output: string }> {
  const { dirs, sandbox, env } = setting;
  const features = buildpackFeatures(module.api, apiSubject(module));
  const root = seenRoot(module, dirs, sandbox);
  const platform = seenPath(dirs.platform, sandbox);
  const plan = join(seenPath({ real: scratch, logical: PLAN_DIRECTORY }, sandbox), 'plan.toml');
  const output: Uint8Array[] = [];
  let size = 0;
  const exit = await sandbox.run(
    {
      root: dirs.root ?? { kind: 'host' },
      argv: [join(root, 'bin', 'detect'), platform, plan],
      cwd: seenPath(dirs.app, sandbox),
      env: {
        ...env,
        ...targetVariables(setting.target, setting.execEnv, features),
        [module.kind === 'extension' ? 'CNB_EXTENSION_DIR' : 'CNB_BUILDPACK_DIR']: root,
        ...pathVariables({ CNB_PLATFORM_DIR: platform, CNB_BUILD_PLAN_PATH: plan }, features),
      },
      mounts: [...(await commonMounts(dirs)), { source: scratch, target: PLAN_DIRECTORY, writable: true }],
      user: dirs.layers.owner,
      network: setting.network,
      joinsOutput: true,
      step: { phase: 'detect', module: moduleName(module) },
      onOutput: (_stream, bytes) => {
        if (size < OUTPUT_MAX_BYTES) output.push(bytes);
        size += bytes.byteLength;
      },
    },
    ctx,
  );
  const text = Buffer.concat(output).toString('utf8');
  return {
    exit,
    output: size < OUTPUT_MAX_BYTES ? text : `${text}\n(${String(size)} bytes in all, the rest is not kept)`,
  };
}

/** The module's environment, or why the platform's settings cannot be read. */
async function environment(module: ModuleDescriptor, setting: DetectSetting): Promise<Env | string> {
  try {
    return await withPlatformSettings(setting.env, module, setting.dirs);
  } catch (error) {
    if (systemCode(error) !== undefined || hasCode(error, 'FILE_INVALID', 'FILE_NOT_FOUND', 'FILE_NOT_READABLE')) {
      return messageOf(error);
    }
    throw error;
  }
}

async function passed(module: ModuleDescriptor, planFile: string, output: string): Promise<DetectRun> {
  try {
    const plan = decodeBuildPlan(
      await readInside(planFile, dirname(planFile)),
      `the build plan of ${moduleName(module)}`,
      module.kind,
      module.id,
    );
    return { code: 0, output, plan };
  } catch (error) {
    if (hasCode(error, 'FILE_INVALID', 'BUILDPACK_INVALID')) return { code: -1, output, error: error.message };
    const code = systemCode(error);
    if (code === 'ENOENT') return { code: 0, output, plan: [{ provides: [], requires: [] }] };
    if (code !== undefined) return { code: -1, output, error: `cannot read its build plan: ${messageOf(error)}` };
    throw error;
  }
}
