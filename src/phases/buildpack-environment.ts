import { join } from 'node:path';
import type { TargetMetadata } from '../cnb/analyzed.ts';
import { applyEnvFiles, applyPlatformEnv, BUILD_ENV_ALLOWED, type Env } from '../cnb/env.ts';
import type { BuildpackFeatures } from '../cnb/features.ts';
import type { ModuleDescriptor } from '../cnb/module.ts';
import type { Context } from '../core/context.ts';
import { readEnvDirectory } from '../workspace/env-directory.ts';
import type { BuildDirs } from './build-dirs.ts';
import { completeTarget } from '../cnb/targets.ts';

/** What of the caller's environment buildpacks inherit (contract §7.4). */
export function inheritEnvironment(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => BUILD_ENV_ALLOWED.includes(name)));
}

/** The platform's settings for one module on top of `env`: `<platform>/env` unless it asks for none, then the builder's own. */
export async function withPlatformSettings(env: Env, module: ModuleDescriptor, dirs: BuildDirs): Promise<Env> {
  const withUser = module.clearEnv
    ? env
    : applyPlatformEnv(env, await readEnvDirectory(join(dirs.platform.real, 'env')));
  return applyEnvFiles(withUser, await readEnvDirectory(join(dirs.buildConfig.real, 'env')), 'default');
}

/** The variables that say for which image a module builds (contract §7.4). */
export function targetVariables(target: TargetMetadata, execEnv: string, features: BuildpackFeatures): Env {
  const { os, arch, archVariant, distro } = target;
  const optional = {
    CNB_TARGET_ARCH_VARIANT: archVariant,
    CNB_TARGET_DISTRO_NAME: distro?.name,
    CNB_TARGET_DISTRO_VERSION: distro?.version,
  };
  return {
    ...(features.hasTargets ? { CNB_TARGET_OS: os, CNB_TARGET_ARCH: arch, ...filled(optional) } : {}),
    ...(features.hasExecEnv ? filled({ CNB_EXEC_ENV: execEnv }) : {}),
  };
}

/** The paths that a module's programs are given as arguments too; older Buildpack APIs know the arguments only (contract §7.4). */
export function pathVariables(paths: Env, features: BuildpackFeatures): Env {
  return features.hasPathVariables ? paths : {};
}

/** The target with its distro; says so when that has to be read from the build environment. */
export function fullTarget(
  input: {
    readonly target: TargetMetadata | undefined;
    readonly osRelease: string | undefined;
    readonly hostArchitecture: string;
  },
  ctx: Context,
): TargetMetadata {
  if (input.target?.distro === undefined) {
    const message = 'target distro name/version labels not found, reading /etc/os-release file';
    ctx.emit({ type: 'log', level: 'info', message });
  }
  return completeTarget(input.target, input.osRelease, input.hostArchitecture);
}

function filled(variables: Readonly<Record<string, string | undefined>>): Env {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]])),
  );
}
