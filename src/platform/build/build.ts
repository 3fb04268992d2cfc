import type { Context } from '../../core/context.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { openConfig } from '../config/config.ts';
import { withDefaultBuilder } from '../config/use.ts';
import { withFailureKept, type Keeper } from '../debug/keep-failure.ts';
import { openProject, type Project } from '../descriptor/open-project.ts';
import { runBuild } from '../run-build.ts';
import type { RunExportOutput } from '../run-export.ts';
import { openSinks } from '../sinks.ts';
import { plainGuard } from '../stage.ts';
import { openStores } from '../stores.ts';
import { builderDirs } from './builder.ts';
import { openBuildData } from './data.ts';
import { fixedInputs } from './inputs.ts';
import { openBuildModules, withGiven } from './modules.ts';
import { withBuildData } from './mount-points.ts';
import { openCaches } from './open-caches.ts';
import { buildOutputs, type BuildOptions, type BuildOutcome } from './options.ts';
import { analyzeInput, checkBeforeProject, readRequest, type BuildRequest } from './request.ts';
import { openSandbox } from './sandbox.ts';
import { openNamedBuilder } from './sources.ts';
import { withWorkTree } from './work-tree.ts';

/**
 * `slipway build`: an app directory, with a builder image or a directory of buildpacks, to an image at every output. Nothing of this machine
 * is in the image: layers, app and owners are the logical ones. Throws what the phases throw; `OUTPUT_FAILED` after all outputs were
 * tried.
 */
export async function buildImage(asked: BuildOptions, ctx: Context): Promise<BuildOutcome> {
  checkBeforeProject(asked);
  ctx.emit({ type: 'build.start', image: asked.image });
  await using project = await openProject(asked, ctx);
  const options = withDefaultBuilder(project.options, openConfig(asked.machine), ctx);
  const request = readRequest(options);
  return await withFailureKept(options, ctx, (keeper) => makeImage(options, request, project, keeper));
}

async function makeImage(
  options: BuildOptions,
  request: BuildRequest,
  project: Project,
  { ctx, watch, release }: Keeper,
): Promise<BuildOutcome> {
  const { machine } = options;
  const { compression, outputs } = request;
  await using data = await openBuildData(options, ctx);
  await using locator = openStores(machine, ctx.product, options.registry ?? { insecure: [] });
  await using builder = await openNamedBuilder(options, locator, ctx);
  await using modules = await openBuildModules(options, { builder, locator }, ctx);
  const sandbox = await watch(await openSandbox(options, builder, ctx), builder);
  await using caches = await openCaches(request.caches, options, locator, ctx);
  const work = { ...project, sandbox };
  const result = await withWorkTree({ ...builder?.user, ...options, release }, work, ctx, async (own) => {
    const rooted = builder === undefined ? own : builderDirs(own, builder);
    const dirs = await withBuildData(await withGiven(rooted, modules), data, sandbox);
    return runBuild(
      {
        ...(await fixedInputs(options, {
          dirs,
          builder,
          compression,
          caches: request.caches,
          metadata: project.metadata,
        })),
        analyze: analyzeInput(options, request, { builder, layers: dirs.layers }, ctx),
        order: modules.order,
        extensions: modules.extensions,
      },
      {
        locator,
        sandbox,
        modules: modules.finders.buildpack,
        extensions: modules.finders.extension,
        openCache: caches.openCache,
        launchCache: caches.launchCache,
        openOutputs: () => openSinks(outputs, locator, ctx),
        guard: plainGuard,
      },
      ctx,
    );
  });
  return conclude(options, sandbox, result, ctx);
}

function conclude(options: BuildOptions, sandbox: Sandbox, result: RunExportOutput, ctx: Context): BuildOutcome {
  const { exported, launcher, platform } = result;
  ctx.emit({
    type: 'build.end',
    image: options.image,
    digest: exported.digest,
    platform: formatPlatform(platform),
    layers: exported.layers.length,
    size: exported.layers.reduce((sum, layer) => sum + layer.size, 0),
    outputs: buildOutputs(exported),
  });
  return {
    image: options.image,
    digest: exported.digest,
    platform: formatPlatform(platform),
    outputs: buildOutputs(exported),
    layers: exported.layers,
    report: options.report,
    launcher: { kind: launcher.kind, reason: launcher.reason },
    sandbox: sandbox.name,
  };
}
