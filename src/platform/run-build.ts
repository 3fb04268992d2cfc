import { join } from 'node:path';
import { knownTarget, type Analyzed } from '../cnb/analyzed.ts';
import type { Deprecations } from '../cnb/deprecations.ts';
import type { RunImageEntry } from '../cnb/files/run.ts';
import type { SystemFile } from '../cnb/files/system.ts';
import type { Order } from '../cnb/module.ts';
import type { Context } from '../core/context.ts';
import type { PhaseName } from '../core/events.ts';
import type { BaseImage } from '../image/plan.ts';
import type { Locator } from '../locate/locator.ts';
import { formatPinned } from '../options/names.ts';
import { analyze, type AnalyzeInput, type AnalyzeOutput } from '../phases/analyze.ts';
import type { BuildDirs, DirPair } from '../phases/build-dirs.ts';
import { build } from '../phases/build.ts';
import { detect, type DetectInput, type DetectOutput } from '../phases/detect.ts';
import type { GenerateInput } from '../phases/generate.ts';
import { restore } from '../phases/restore.ts';
import type { LayerStore } from '../ports/layer-cache.ts';
import type { LayerIndex } from '../ports/layer-index.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { ModuleFinder } from '../workspace/buildpacks.ts';
import { writeAnalyzed, writeBuildMetadata, writeGroup, writePlan } from '../workspace/files.ts';
import { applyExtensions, type Extended } from './apply-extensions.ts';
import { foreseeImageLauncher } from './choose-image-launcher.ts';
import type { OpenCache } from './open-cache.ts';
import { refuseDetectedExtensions } from './read-order.ts';
import { announceImages, runExport, type ExportSettings, type RunExportOutput } from './run-export.ts';
import { runImageTools } from './run-image-tools.ts';
import type { OpenSinks } from './sinks.ts';
import type { Guard } from './stage.ts';

/** The whole build in one process: what the creator and `slipway build` share. */
export interface RunBuildInput {
  readonly analyze: AnalyzeInput;
  readonly dirs: BuildDirs;
  readonly order: Order;
  /** Tried in front of every group. Default: none. */
  readonly extensions?: Order;
  /** Where extensions write; absent: a build fails when one takes part (contract §4.3). */
  readonly generated?: DirPair;
  /** Optional buildpacks for other targets are skipped; default false. */
  readonly skipsMisfits?: boolean;
  readonly readSystem: () => Promise<SystemFile>;
  /** Files that are written on the way, as the five phases would. */
  readonly files: { readonly analyzed: string; readonly group: string; readonly plan: string };
  readonly settings: ExportSettings;
  /** Overrides the name of the run image that is recorded. */
  readonly runImageName: string | undefined;
  readonly readRunEntries: () => Promise<readonly RunImageEntry[]>;
  /** Do not restore layers (`-skip-restore`). */
  readonly skipRestore: boolean;
  /** Default: none. */
  readonly deprecations?: Deprecations;
  /** Environment that buildpacks may inherit from. */
  readonly inheritedEnv: Readonly<Record<string, string>>;
  readonly osRelease: string | undefined;
  readonly hostArchitecture: string;
  readonly network: 'host' | 'none';
}

export interface RunBuildPorts {
  readonly locator: Locator;
  readonly sandbox: Sandbox;
  readonly modules: ModuleFinder;
  readonly extensions?: ModuleFinder;
  readonly openCache: OpenCache;
  readonly launchCache: LayerStore | undefined;
  /** Undefined: every layer is read. */
  readonly index: LayerIndex | undefined;
  /** Opens the outputs; called when the image is about to be made. */
  readonly openOutputs: () => Promise<OpenSinks>;
  readonly guard: Guard;
}

/** Analyze, detect, restore, build, export (contract §4.3). Each phase is announced and timed. */
export async function runBuild(input: RunBuildInput, ports: RunBuildPorts, ctx: Context): Promise<RunExportOutput> {
  const { dirs, files, settings } = input;
  const { features, execEnv } = settings;
  const { guard, sandbox, modules, launchCache, index } = ports;
  const layers = dirs.layers;
  const analyzeTask = async (): Promise<AnalyzeOutput> => {
    const output = await guard('analyze', () => analyze(input.analyze, { images: ports.locator, launchCache }, ctx));
    await writeAnalyzed(files.analyzed, output.analyzed, (location) => formatPinned(location, settings.names));
    return output;
  };
  const found = await timed('analyze', ctx, analyzeTask, ({ previousImage }) =>
    previousImage === undefined ? 'no previous image' : 'previous image found',
  );
  const { launcher: choice, readBuilderFile } = settings;
  const foresee = async (base: BaseImage): Promise<ReturnType<typeof runImageTools>> => {
    const tools = runImageTools(base, settings.runImageMemory, ctx);
    const early = { choice, base, tools, ...(readBuilderFile === undefined ? {} : { readBuilderFile }) };
    await guard('export', () => foreseeImageLauncher(early, ctx));
    return tools;
  };
  const firstTools = await foresee(found.runImage);
  const cache = await ports.openCache(found.runImage.platform);
  const common = modulesInput(input, found.analyzed);
  const detected = await timed('detect', ctx, async () => {
    const all = await detectInput(input, found.analyzed);
    const finders = { modules, ...(ports.extensions === undefined ? {} : { extensions: ports.extensions }) };
    const output = await guard('detect', async () => {
      const found = await detect(all, { sandbox, ...finders }, ctx);
      if (input.generated === undefined) refuseDetectedExtensions(found.group);
      return found;
    });
    await writeGroup(files.group, output.group);
    await writePlan(files.plan, output.plan);
    return output;
  });
  const { group } = detected;
  const { plan, analyzed, runImage, isSwitched } = await withExtensions(
    { ...input, common, found, detected },
    ports,
    ctx,
  );
  const tools = isSwitched ? await foresee(runImage) : firstTools;
  const shared = { ...common, target: knownTarget(analyzed.runImage) };
  const restoreTask = (): Promise<void> =>
    guard('restore', () => {
      const { metadata } = analyzed;
      return restore({ layers, group, metadata, features, execEnv, skipLayers: input.skipRestore }, { cache }, ctx);
    });
  if (features.alwaysRestores || !input.skipRestore) await timed('restore', ctx, restoreTask);
  const built = await timed('build', ctx, async () => {
    const output = await guard('build', () => build({ ...shared, group, plan }, { sandbox, modules }, ctx));
    await writeBuildMetadata(join(layers.real, 'config', 'metadata.toml'), output.metadata, features);
    return output;
  });
  const exportTask = async (): Promise<RunExportOutput> => {
    const [output] = input.analyze.outputs;
    announceImages({ previous: found.previousImage, output }, settings.names, ctx);
    const runEntries = await input.readRunEntries();
    await using outputs = await guard('export', ports.openOutputs);
    return await runExport(
      {
        settings,
        layers,
        app: dirs.app,
        group,
        metadata: built.metadata,
        runImage,
        tools,
        runImageName: (isSwitched ? undefined : input.runImageName) ?? recordedName(analyzed, runEntries),
        runEntries,
        target: shared.target,
        previous:
          found.previousImage === undefined ? undefined : { image: found.previousImage, metadata: analyzed.metadata },
      },
      { outputs, cache, launchCache, index, guard },
      ctx,
    );
  };
  return timed('export', ctx, exportTask, ({ exported }) => {
    const count = exported.outputs.length;
    return `wrote ${String(count)} output${count === 1 ? '' : 's'}`;
  });
}

interface DetectedBuild extends RunBuildInput {
  readonly common: Omit<GenerateInput, 'generated' | 'group' | 'plan'>;
  readonly found: AnalyzeOutput;
  readonly detected: DetectOutput;
}

/** Generate, where extensions take part; analyzed.toml and plan.toml are written anew then. */
async function withExtensions(input: DetectedBuild, ports: RunBuildPorts, ctx: Context): Promise<Extended> {
  const { common, found, detected, files, settings, generated } = input;
  const { group, plan } = detected;
  const { analyzed, runImage } = found;
  if (generated === undefined || !group.some(({ kind }) => kind === 'extension'))
    return { plan, analyzed, runImage, isSwitched: false };
  const { sandbox, guard, locator, modules, extensions = modules } = ports;
  const all = { generate: { ...common, group, plan, generated }, analyzed, runImage, names: settings.names };
  const extended = await timed('generate', ctx, () =>
    applyExtensions(
      { ...all, readRunEntries: input.readRunEntries },
      { sandbox, extensions, images: locator, guard },
      ctx,
    ),
  );
  await writeAnalyzed(files.analyzed, extended.analyzed, (location) => formatPinned(location, settings.names));
  await writePlan(files.plan, extended.plan);
  return extended;
}

/** What detect and build are both told. */
function modulesInput(input: RunBuildInput, analyzed: Analyzed): Omit<DetectInput, 'order' | 'system'> {
  const { features, execEnv } = input.settings;
  return {
    dirs: input.dirs,
    execEnv,
    features,
    ...(input.deprecations === undefined ? {} : { deprecations: input.deprecations }),
    target: knownTarget(analyzed.runImage),
    inheritedEnv: input.inheritedEnv,
    osRelease: input.osRelease,
    hostArchitecture: input.hostArchitecture,
    network: input.network,
  };
}

/** What detect is told of a build. */
export async function detectInput(input: RunBuildInput, analyzed: Analyzed): Promise<DetectInput> {
  const { order, extensions = [], skipsMisfits = false } = input;
  return { ...modulesInput(input, analyzed), order, extensions, skipsMisfits, system: await input.readSystem() };
}

/**
 * The run image's name as given, unless it is only a place of this machine or there is no run.toml at all: then nothing is recorded,
 * as contract §9.1 says. Below Platform API 0.12 analyzed.toml has no name: what our analyzer was asked for, else stack.toml's.
 */
export function recordedName(analyzed: Analyzed, entries: readonly RunImageEntry[]): string | undefined {
  const [first] = entries;
  if (first === undefined) return undefined;
  const { runImage } = analyzed;
  const image = runImage?.image === '' ? (runImage.slipway?.requested ?? first.image) : runImage?.image;
  return image === undefined || image === '' || /^(oci|oci-archive|docker-archive|docker-daemon):/.test(image)
    ? undefined
    : image;
}

async function timed<T>(
  phase: PhaseName,
  ctx: Context,
  task: () => Promise<T>,
  summary?: (value: T) => string,
): Promise<T> {
  const start = ctx.clock.monotonicMs();
  ctx.emit({ type: 'phase.start', phase });
  ctx.signal.throwIfAborted();
  const value = await task();
  const ms = ctx.clock.monotonicMs() - start;
  ctx.emit({ type: 'phase.end', phase, ms, ...(summary === undefined ? {} : { summary: summary(value) }) });
  return value;
}
