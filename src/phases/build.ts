import type { TargetMetadata } from '../cnb/analyzed.ts';
import type { PlatformFeatures } from '../cnb/features.ts';
import type { GroupElement } from '../cnb/module.ts';
import type { Plan } from '../cnb/plan.ts';
import type { BuildMetadata } from '../cnb/process.ts';
import type { Context } from '../core/context.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { ModuleFinder } from '../workspace/buildpacks.ts';
import type { BuildDirs } from './build-dirs.ts';

export interface BuildInput {
  readonly dirs: BuildDirs;
  readonly group: readonly GroupElement[];
  readonly plan: Plan;
  readonly target: TargetMetadata | undefined;
  readonly execEnv: string;
  readonly inheritedEnv: Readonly<Record<string, string>>;
  readonly features: PlatformFeatures;
  readonly osRelease: string | undefined;
  readonly hostArchitecture: string;
}

export interface BuildPorts {
  readonly sandbox: Sandbox;
  readonly modules: ModuleFinder;
}

export interface BuildResult {
  readonly metadata: BuildMetadata;
}

export function build(_input: BuildInput, _ports: BuildPorts, _ctx: Context): Promise<BuildResult> {
  return Promise.reject(new Error('not written yet'));
}
