import type { TargetMetadata } from '../cnb/analyzed.ts';
import type { PlatformFeatures } from '../cnb/features.ts';
import type { GroupElement, Order, OrderGroup } from '../cnb/module.ts';
import type { Plan } from '../cnb/plan.ts';
import type { Context } from '../core/context.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { ModuleFinder } from '../workspace/buildpacks.ts';
import type { BuildDirs } from './build-dirs.ts';

export interface DetectInput {
  readonly dirs: BuildDirs;
  readonly order: Order;
  readonly system: { readonly pre: OrderGroup; readonly post: OrderGroup };
  readonly target: TargetMetadata | undefined;
  readonly execEnv: string;
  readonly inheritedEnv: Readonly<Record<string, string>>;
  readonly features: PlatformFeatures;
  /** Text of the build environment's /etc/os-release. */
  readonly osRelease: string | undefined;
  readonly hostArchitecture: string;
}

export interface DetectPorts {
  readonly sandbox: Sandbox;
  readonly modules: ModuleFinder;
}

export interface DetectOutput {
  readonly group: readonly GroupElement[];
  readonly plan: Plan;
}

export function detect(_input: DetectInput, _ports: DetectPorts, _ctx: Context): Promise<DetectOutput> {
  return Promise.reject(new Error('not written yet'));
}
