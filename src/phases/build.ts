import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TargetMetadata } from '../cnb/analyzed.ts';
import type { Env } from '../cnb/env.ts';
import { refuseEscapeCollisions } from '../cnb/escape-collision.ts';
import type { PlatformFeatures } from '../cnb/features.ts';
import type { GroupElement } from '../cnb/module.ts';
import type { Plan } from '../cnb/plan.ts';
import { withStringCommand, type BuildMetadata } from '../cnb/process.ts';
import type { Context } from '../core/context.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { ModuleFinder } from '../workspace/buildpacks.ts';
import type { BuildDirs } from './build-dirs.ts';
import { buildOne, type BuildState } from './build/build-one.ts';
import type { BuildSetting } from './build/run-build.ts';
import { writeSboms } from './build/sboms.ts';
import { fullTarget, inheritEnvironment } from './buildpack-environment.ts';
import { withTimer } from './timer.ts';

export interface BuildInput {
  /** Buildpacks run as the owner of `layers`, where this process may change its user. */
  readonly dirs: BuildDirs;
  readonly group: readonly GroupElement[];
  readonly plan: Plan;
  /** Target of the run image, from analyzed.toml. */
  readonly target: TargetMetadata | undefined;
  readonly execEnv: string;
  /** The caller's environment; what buildpacks may inherit is picked from it. */
  readonly inheritedEnv: Env;
  readonly features: PlatformFeatures;
  /** Text of the build environment's /etc/os-release. */
  readonly osRelease: string | undefined;
  readonly hostArchitecture: string;
  /** Default `host`. */
  readonly network?: 'host' | 'none';
}

export interface BuildPorts {
  readonly sandbox: Sandbox;
  readonly modules: ModuleFinder;
}

export interface BuildResult {
  readonly metadata: BuildMetadata;
}

/**
 * Runs the group's buildpacks one after the other (contract §12) and gathers what they say about the image. Leaves their layers and
 * `sbom/` in the layers directory; `config/metadata.toml` is the caller's to write. Throws `BUILDPACK_FAILED` (51) when one fails,
 * and with exit 52 whatever is wrong with the files that one left.
 */
export async function build(input: BuildInput, ports: BuildPorts, ctx: Context): Promise<BuildResult> {
  refuseEscapeCollisions(input.group);
  return withTimer('Builder', ctx, async () => {
    await rm(join(input.dirs.layers.real, 'sbom'), { recursive: true, force: true });
    const setting: BuildSetting = {
      dirs: input.dirs,
      sandbox: ports.sandbox,
      target: fullTarget(input, ctx),
      execEnv: input.execEnv,
      network: input.network ?? 'host',
    };
    let state: BuildState = {
      env: inheritEnvironment(input.inheritedEnv),
      plan: input.plan,
      launches: [],
      processes: { processes: [], warnings: [] },
      sboms: [],
      launchBom: [],
      buildBom: [],
    };
    for (const element of input.group.filter((one) => one.kind === 'buildpack')) {
      state = await buildOne(element, state, { setting, modules: ports.modules }, ctx);
    }
    const { features } = input;
    const legacy = features.hasBomTables ? undefined : { launch: state.launchBom, build: state.buildBom };
    if (features.hasSboms) await writeSboms(state.sboms, legacy, input.dirs.layers, (message) => debug(ctx, message));
    debug(ctx, 'Listing processes');
    return { metadata: metadataOf(input.group, state, features) };
  });
}

function metadataOf(group: readonly GroupElement[], state: BuildState, features: PlatformFeatures): BuildMetadata {
  const { processes, defaultProcessType } = state.processes;
  return {
    ...(features.hasBomTables && state.launchBom.length > 0 ? { bom: state.launchBom } : {}),
    ...(defaultProcessType === undefined ? {} : { defaultProcessType }),
    buildpacks: group.filter((one) => one.kind === 'buildpack').map(record),
    extensions: group.filter((one) => one.kind === 'extension').map(record),
    labels: state.launches.flatMap((file) => file.labels),
    processes: features.hasStringCommands ? processes.map(withStringCommand) : processes,
    slices: state.launches.flatMap((file) => file.slices),
  };
}

function record({ id, version, api, homepage }: GroupElement): BuildMetadata['buildpacks'][number] {
  return { id, version, api, ...(homepage === undefined ? {} : { homepage }) };
}

function debug(ctx: Context, message: string): void {
  ctx.emit({ type: 'log', level: 'debug', message });
}
