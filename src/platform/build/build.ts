import { resolve } from 'node:path';
import { openFolderLayerStore } from '../../cache/layer-store.ts';
import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import { parseLauncherChoice } from '../../launcher/choose.ts';
import { checkStandardUses } from '../../locate/standard.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { openModules } from '../../workspace/buildpacks.ts';
import { imagesRead } from '../images-read.ts';
import { chooseCache } from '../open-cache.ts';
import { runBuild } from '../run-build.ts';
import type { RunExportOutput } from '../run-export.ts';
import { openSinks, refuseCacheAsOutput, refuseSameOutputs } from '../sinks.ts';
import { plainGuard } from '../stage.ts';
import { openStores } from '../stores.ts';
import { builderDirs } from './builder.ts';
import { readCaches } from './caches.ts';
import { fixedInputs } from './inputs.ts';
import { buildOutputs, type BuildOptions, type BuildOutcome } from './options.ts';
import { chooseCompression, sinkRequests } from './outputs.ts';
import { openSandbox, refuseHostSandbox } from './sandbox.ts';
import {
  builderRunImages,
  checkSources,
  newestFeatures,
  openNamedBuilder,
  orderOf,
  readPrevious,
  readRunImage,
} from './sources.ts';
import { withWorkTree } from './work-tree.ts';

/**
 * `slipway build`: an app directory, with a builder image or a directory of buildpacks, to an image at every output. Nothing of this machine
 * is in the image: layers, app and owners are the logical ones. Throws what the phases throw; `OUTPUT_FAILED` after all outputs were
 * tried.
 */
export async function buildImage(options: BuildOptions, ctx: Context): Promise<BuildOutcome> {
  const { machine } = options;
  refuseMachine(machine.platform);
  const compression = chooseCompression(options.outputs);
  parseLauncherChoice(options.launcher ?? 'auto');
  const outputs = sinkRequests(options);
  if (outputs.length === 0) throw new SlipwayError('ARGUMENT_INVALID', 'nothing says where the image goes');
  checkSources(options);
  refuseHostSandbox(options);
  const previous = readPrevious(options, outputs);
  const named = options.runImage === undefined ? undefined : readRunImage(options.runImage, options.runImageName);
  checkStandardUses(
    {
      inputs: imagesRead({ runImage: named ?? [], previousImage: previous.previousImage }),
      outputs: outputs.map(({ location }) => location),
    },
    machine.standard,
  );
  refuseSameOutputs(outputs);
  const caches = readCaches(options);
  refuseCacheAsOutput(
    caches.cacheImage,
    outputs.map(({ location }) => location),
  );
  ctx.emit({ type: 'build.start', image: options.image });
  await using locator = openStores(machine, ctx.product, options.registry ?? { insecure: [] });
  await using builder = await openNamedBuilder(options, locator, ctx);
  const order = await orderOf(options, builder, ctx);
  const sandbox = await openSandbox(options, builder, ctx);
  const openCache = await chooseCache({ ...caches, execEnv: options.execEnv ?? 'production' }, locator, ctx);
  const launchCache =
    options.launchCacheDir === undefined
      ? undefined
      : await openFolderLayerStore(resolve(machine.cwd, options.launchCacheDir), ctx);
  const result = await withWorkTree({ ...builder?.user, ...options }, sandbox, ctx, async (own) => {
    const dirs = builder === undefined ? own : builderDirs(own, builder);
    return runBuild(
      {
        ...(await fixedInputs(options, { dirs, builder, compression })),
        analyze: {
          ...previous,
          runImage: named ?? builderRunImages(builder, ctx),
          outputs: outputs.map((output) => output.location),
          target: options.target,
          execEnv: options.execEnv ?? 'production',
          skipLayers: options.clearCache ?? false,
          layers: dirs.layers,
          features: newestFeatures(),
        },
        order,
      },
      {
        locator,
        sandbox,
        modules: openModules(dirs.buildpacks.real, 'buildpack', builder === undefined ? {} : { within: builder.root }),
        openCache,
        launchCache,
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

function refuseMachine(platform: string): void {
  if (platform === 'linux') return;
  throw new SlipwayError('NOT_SUPPORTED', `buildpacks cannot run on ${platform}`, {
    exit: 3,
    hint: 'run slipway build on Linux; the image tools work here',
  });
}
