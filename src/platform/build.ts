import { join, resolve } from 'node:path';
import { openFolderLayerStore } from '../cache/layer-store.ts';
import { PLATFORM_APIS, platformFeatures } from '../cnb/features.ts';
import { EMPTY_SYSTEM } from '../cnb/files/system.ts';
import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import { credentialFiles } from '../keychain/places.ts';
import { parseLauncherChoice } from '../launcher/choose.ts';
import { DEFAULT_COMPRESSION, parseCompression, type Compression } from '../layer/compression.ts';
import { checkStandardUses } from '../locate/standard.ts';
import { displayLocation, isStandardStream, parseLocation } from '../oci/location.ts';
import { formatPlatform } from '../oci/platform.ts';
import { parseReference } from '../oci/reference.ts';
import { readCacheImage } from '../options/cache-image.ts';
import type { OutputRequest } from '../options/output.ts';
import type { BuildDirs } from '../phases/build-dirs.ts';
import { chooseSandbox } from '../sandbox/choose.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { openModules } from '../workspace/buildpacks.ts';
import { buildOutputs, type BuildOptions, type BuildOutcome } from './build-options.ts';
import { chooseOrder } from './build-order.ts';
import { imagesRead } from './images-read.ts';
import { readOsRelease } from './in-place.ts';
import { definedEnv } from './machine.ts';
import { chooseCache, type CacheChoice } from './open-cache.ts';
import { runBuild, type RunBuildInput } from './run-build.ts';
import type { RunExportOutput } from './run-export.ts';
import { runImageMemory } from './run-image-tools.ts';
import { openSinks, refuseCacheAsOutput, refuseSameOutputs, type SinkRequest } from './sinks.ts';
import { plainGuard } from './stage.ts';
import { openStores } from './stores.ts';
import { withWorkTree } from './work-tree.ts';

/**
 * `slipway build`, first form: an app directory and a directory of buildpacks to an image at every output. Nothing of this machine is
 * in the image: layers, app and owners are the logical ones. Throws what the phases throw; `OUTPUT_FAILED` after all outputs were
 * tried.
 */
export async function buildImage(options: BuildOptions, ctx: Context): Promise<BuildOutcome> {
  const { machine } = options;
  refuseMachine(machine.platform);
  const compression = chooseCompression(options.outputs);
  parseLauncherChoice(options.launcher ?? 'auto');
  const outputs = sinkRequests(options);
  if (outputs.length === 0) throw new SlipwayError('ARGUMENT_INVALID', 'nothing says where the image goes');
  const images = readImages(options, outputs);
  checkStandardUses({ inputs: imagesRead(images), outputs: outputs.map(({ location }) => location) }, machine.standard);
  refuseSameOutputs(outputs);
  const caches = readCaches(options);
  refuseCacheAsOutput(
    caches.cacheImage,
    outputs.map(({ location }) => location),
  );
  ctx.emit({ type: 'build.start', image: options.image });
  const buildpacks = resolve(machine.cwd, options.buildpacks);
  const order = await chooseOrder({ file: options.order, buildpacks: options.buildpacks, cwd: machine.cwd }, ctx);
  const sandbox = await openSandbox(options, ctx);
  await using locator = openStores(machine, ctx.product, options.registry ?? { insecure: [] });
  const openCache = await chooseCache({ ...caches, execEnv: options.execEnv ?? 'production' }, locator, ctx);
  const launchCache =
    options.launchCacheDir === undefined
      ? undefined
      : await openFolderLayerStore(resolve(machine.cwd, options.launchCacheDir), ctx);
  const result = await withWorkTree(options, sandbox, ctx, async (dirs) =>
    runBuild(
      {
        ...(await fixedInputs(options, dirs, compression)),
        analyze: {
          ...images,
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
        modules: openModules(buildpacks, 'buildpack'),
        openCache,
        launchCache,
        openOutputs: () => openSinks(outputs, locator, ctx),
        guard: plainGuard,
      },
      ctx,
    ),
  );
  return conclude(options, sandbox, result, ctx);
}

async function fixedInputs(
  options: BuildOptions,
  dirs: BuildDirs,
  compression: Compression,
): Promise<Omit<RunBuildInput, 'analyze' | 'order'>> {
  const { machine } = options;
  return {
    dirs,
    readSystem: () => Promise.resolve(EMPTY_SYSTEM),
    // There is no run.toml here: the name that was given is what a rebase can go by.
    readRunEntries: () => Promise.resolve([{ image: options.runImageName ?? options.runImage, mirrors: [] }]),
    files: {
      analyzed: join(dirs.layers.real, 'analyzed.toml'),
      group: join(dirs.layers.real, 'group.toml'),
      plan: join(dirs.layers.real, 'plan.toml'),
    },
    settings: {
      launcher: options.launcher ?? 'auto',
      processType: options.defaultProcess,
      projectMetadata: resolveOptional(machine.cwd, options.projectMetadata),
      report: resolveOptional(machine.cwd, options.report),
      sourceDateEpoch: options.sourceDateEpoch,
      compression,
      isParallel: false,
      launcherSbomDir: undefined,
      execEnv: options.execEnv ?? 'production',
      runImageMemory: runImageMemory({
        cacheDir: resolveOptional(machine.cwd, options.cacheDir),
        launchCacheDir: resolveOptional(machine.cwd, options.launchCacheDir),
      }),
      features: newestFeatures(),
      names: {},
    },
    runImageName: options.runImageName ?? registryName(options.runImage),
    skipRestore: options.clearCache ?? false,
    inheritedEnv: definedEnv(machine.env),
    osRelease: await readOsRelease(),
    hostArchitecture: machine.architecture,
    network: options.network ?? 'host',
  };
}

/** The build cache that was asked for: one folder or one image. */
function readCaches({ cacheDir, cacheImage, machine }: BuildOptions): Omit<CacheChoice, 'execEnv'> {
  if (cacheDir !== undefined && cacheImage !== undefined)
    throw new SlipwayError('ARGUMENT_INVALID', 'supply only one of --cache-image and --cache-dir');
  return { cacheDir: resolveOptional(machine.cwd, cacheDir), cacheImage: readCacheImage(cacheImage) };
}

/** The name of a run image that a later rebase can find from any machine: a registry's. */
function registryName(runImage: string): string | undefined {
  if (runImage === 'scratch') return undefined;
  const location = parseLocation(runImage);
  return location.kind === 'registry' ? displayLocation(location) : undefined;
}

/** The images that a build reads; a text that is no location is told before any work. */
function readImages(
  options: BuildOptions,
  outputs: readonly SinkRequest[],
): Pick<RunBuildInput['analyze'], 'runImage' | 'previousImage' | 'previousName'> {
  const { previousImage, runImage, runImageName } = options;
  const readable = outputs.map(({ location }) => location).find((location) => !isStandardStream(location));
  const previous = previousImage === undefined ? readable : parseLocation(previousImage);
  return {
    runImage:
      runImage === 'scratch'
        ? { kind: 'scratch' }
        : [{ location: parseLocation(runImage), name: runImageName ?? runImage }],
    previousImage: previous,
    previousName: previousImage ?? (previous === undefined ? '' : displayLocation(previous)),
  };
}

/** The sandbox that was asked for, or the best there is; credential stores stay out of it. */
function openSandbox(options: BuildOptions, ctx: Context): Promise<Sandbox> {
  const { machine } = options;
  const wanted = options.sandbox ?? 'auto';
  const isOffline = options.network === 'none';
  if (isOffline && wanted === 'host') {
    throw new SlipwayError('ARGUMENT_INVALID', '--sandbox host cannot switch the network off', {
      hint: 'leave --network none out, or use --sandbox bubblewrap',
    });
  }
  const emit: Context['emit'] = (event) => {
    if (event.type !== 'sandbox.chosen' || !isOffline) ctx.emit(event);
    else ctx.emit({ ...event, description: event.description.replace('network on', 'network off') });
  };
  const hide = [machine.env['DOCKER_CONFIG'] ?? '', ...credentialFiles(machine)].filter((path) => path.startsWith('/'));
  return chooseSandbox(wanted, { ...ctx, emit }, { hide });
}

/** Outputs that are directories or archives get the image's name where none was given, so that a rebuild finds its entry again. */
function sinkRequests(options: BuildOptions): readonly SinkRequest[] {
  return options.outputs.map(({ location, name, text }) => {
    const [shown = text] = text.split(/;(?=[a-z-]+=)/);
    const ref = name === undefined ? options.image : displayLocation({ kind: 'registry', reference: name });
    if (location.kind === 'registry' || location.kind === 'docker-daemon' || location.ref !== undefined)
      return { location, shown };
    return {
      location: { ...location, ref },
      imageName: name ?? parseReference(options.image),
      shown: location.kind === 'oci' ? `${shown}:${ref}` : shown,
    };
  });
}

/** One image has one compression: outputs share their manifest digest (design §1.2). */
function chooseCompression(outputs: readonly OutputRequest[]): Compression {
  const asked = [
    ...new Set(outputs.flatMap((output) => (output.compression === undefined ? [] : [output.compression]))),
  ];
  if (asked.length > 1) {
    throw new SlipwayError('ARGUMENT_INVALID', `outputs ask for different compressions: ${asked.join(', ')}`, {
      hint: 'all outputs of one build have one manifest digest: choose one compression',
    });
  }
  return asked[0] === undefined ? DEFAULT_COMPRESSION : parseCompression(asked[0]);
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

function newestFeatures(): ReturnType<typeof platformFeatures> {
  return platformFeatures(PLATFORM_APIS.at(-1));
}

function resolveOptional(cwd: string, path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(cwd, path);
}
