import { join, resolve } from 'node:path';
import { openFolderLayerStore } from '../cache/layer-store.ts';
import { EMPTY_SYSTEM } from '../cnb/files/system.ts';
import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import { credentialFiles } from '../keychain/places.ts';
import { parseLauncherChoice } from '../launcher/choose.ts';
import { DEFAULT_COMPRESSION, parseCompression, type Compression } from '../layer/compression.ts';
import { checkStandardUses } from '../locate/standard.ts';
import { displayLocation } from '../oci/location.ts';
import { formatPlatform } from '../oci/platform.ts';
import { parseReference } from '../oci/reference.ts';
import { readCacheImage } from '../options/cache-image.ts';
import type { OutputRequest } from '../options/output.ts';
import type { BuildDirs } from '../phases/build-dirs.ts';
import { chooseSandbox } from '../sandbox/choose.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { openModules } from '../workspace/buildpacks.ts';
import { buildOutputs, type BuildOptions, type BuildOutcome } from './build-options.ts';
import {
  builderRunImages,
  checkSources,
  newestFeatures,
  openNamedBuilder,
  orderOf,
  proxiesOf,
  readPrevious,
  readRunImage,
  registryName,
} from './build-sources.ts';
import { imagesRead } from './images-read.ts';
import { readOsRelease } from './in-place.ts';
import { builderDirs, readBuilderFile, type Builder } from './builder.ts';
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

interface BuildSetting {
  readonly dirs: BuildDirs;
  readonly builder: Builder | undefined;
  readonly compression: Compression;
}

async function fixedInputs(
  options: BuildOptions,
  { dirs, builder, compression }: BuildSetting,
): Promise<Omit<RunBuildInput, 'analyze' | 'order'>> {
  const { machine, runImage } = options;
  return {
    dirs,
    readSystem: () => Promise.resolve(builder?.system ?? EMPTY_SYSTEM),
    // Without a builder there is no run.toml: the name that was given is what a rebase can go by.
    readRunEntries: () =>
      Promise.resolve(builder?.runImages ?? [{ image: options.runImageName ?? runImage ?? '', mirrors: [] }]),
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
      ...(builder === undefined ? {} : { readBuilderFile: (path: string) => readBuilderFile(builder.root, path) }),
    },
    runImageName: options.runImageName ?? (runImage === undefined ? undefined : registryName(runImage)),
    skipRestore: options.clearCache ?? false,
    inheritedEnv: builder === undefined ? definedEnv(machine.env) : { ...proxiesOf(machine), ...builder.env },
    osRelease: builder === undefined ? await readOsRelease() : builder.osRelease,
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

/** What it cannot do, before any work. */
function refuseHostSandbox({ sandbox, builder, network }: BuildOptions): void {
  if (sandbox !== 'host') return;
  if (builder !== undefined) {
    throw new SlipwayError('ARGUMENT_INVALID', '--sandbox host cannot run the buildpacks of a builder', {
      exit: 3,
      hint: 'they need the builder’s root file system: leave --sandbox host out',
    });
  }
  if (network === 'none') {
    throw new SlipwayError('ARGUMENT_INVALID', '--sandbox host cannot switch the network off', {
      hint: 'leave --network none out, or use --sandbox bubblewrap',
    });
  }
}

/** The sandbox that was asked for, or the best there is; credential stores stay out of it. */
function openSandbox(options: BuildOptions, builder: Builder | undefined, ctx: Context): Promise<Sandbox> {
  const { machine } = options;
  const wanted = options.sandbox ?? 'auto';
  const isOffline = options.network === 'none';
  const emit: Context['emit'] = (event) => {
    if (event.type !== 'sandbox.chosen' || !isOffline) ctx.emit(event);
    else ctx.emit({ ...event, description: event.description.replace('network on', 'network off') });
  };
  const hide = [machine.env['DOCKER_CONFIG'] ?? '', ...credentialFiles(machine)].filter((path) => path.startsWith('/'));
  const root = builder === undefined ? {} : { root: { kind: 'directory', path: builder.root } as const };
  return chooseSandbox(wanted, { ...ctx, emit }, { hide, ...root });
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

function resolveOptional(cwd: string, path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(cwd, path);
}
