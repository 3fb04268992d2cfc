import type { Secret } from '../../core/secret-forms.ts';
import type { Locator } from '../../locate/locator.ts';
import type { Keeper } from '../debug/keep-failure.ts';
import type { Project } from '../descriptor/open-project.ts';
import type { RunBuildInput, RunBuildPorts } from '../run-build.ts';
import { openIndex } from '../open-index.ts';
import { openSinks } from '../sinks.ts';
import { plainGuard } from '../stage.ts';
import { openStores } from '../stores.ts';
import { builderDirs } from './builder.ts';
import { openBuildData } from './data.ts';
import { fixedInputs } from './inputs.ts';
import { openLifecycleImage } from './lifecycle-image.ts';
import { maskedSandbox } from './masked.ts';
import { openBuildModules, withGiven } from './modules.ts';
import { withBuildData } from './mount-points.ts';
import { openCaches } from './open-caches.ts';
import type { BuildOptions } from './options.ts';
import { analyzeInput, type BuildRequest } from './request.ts';
import { openSandbox } from './sandbox.ts';
import { openNamedBuilder } from './sources.ts';
import { withWorkTree } from './work-tree.ts';

/** A build whose arguments are read. */
export interface PreparedRequest {
  readonly options: BuildOptions;
  readonly request: BuildRequest;
  readonly project: Project;
  readonly keeper: Keeper;
  readonly secrets: readonly Secret[];
  /** Is disposed with the build; default: one of its own. */
  readonly locator?: Locator;
}

/** Opens all that the phases of a build work with, lets the task run them, and closes it. */
export async function withPreparedBuild<T>(
  { options, request, project, keeper, secrets, locator: given }: PreparedRequest,
  task: (input: RunBuildInput, ports: RunBuildPorts) => Promise<T>,
): Promise<T> {
  const { ctx, watch, release } = keeper;
  const { machine } = options;
  const { compression, outputs } = request;
  await using data = await openBuildData(options, secrets, ctx);
  await using locator = given ?? openStores(machine, ctx.product, options.registry ?? { insecure: [] });
  await using builder = await openNamedBuilder(options, locator, ctx);
  await using lifecycle = await openLifecycleImage(options, locator, ctx);
  await using modules = await openBuildModules(options, { builder, locator }, ctx);
  const sandbox = await watch(maskedSandbox(await openSandbox(options, builder, ctx), secrets), builder);
  await using caches = await openCaches(request.caches, options, locator, ctx);
  const work = { ...project, sandbox };
  return await withWorkTree({ ...builder?.user, ...options, release }, work, ctx, async (own) => {
    const rooted = builder === undefined ? own : builderDirs(own, builder);
    const dirs = await withBuildData(await withGiven(rooted, modules), data, sandbox);
    return task(
      {
        ...(await fixedInputs(options, {
          dirs,
          builder,
          compression,
          caches: request.caches,
          secrets,
          lifecycle,
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
        index: openIndex(request.caches.indexDir, options.clearCache === true ? 'none' : (options.index ?? 'use'), ctx),
        openOutputs: () => openSinks(outputs, locator, ctx),
        guard: plainGuard,
      },
    );
  });
}
