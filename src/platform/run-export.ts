import type { TargetMetadata } from '../cnb/analyzed.ts';
import type { PlatformFeatures } from '../cnb/features.ts';
import { projectMetadataLabel, type ProjectMetadata } from '../cnb/files/project-metadata.ts';
import type { RunImageEntry } from '../cnb/files/run.ts';
import type { LifecycleMetadata } from '../cnb/layer-metadata.ts';
import type { GroupElement } from '../cnb/module.ts';
import type { BuildMetadata } from '../cnb/process.ts';
import type { Context } from '../core/context.ts';
import type { SecretForm } from '../core/secret-forms.ts';
import { isScratch, type BaseImage } from '../image/plan.ts';
import type { ChosenLauncher } from '../launcher/choose.ts';
import type { RunImageTools } from '../launcher/launch-warnings.ts';
import type { Compression } from '../layer/compression.ts';
import type { Place } from '../layer/place.ts';
import { displayLocation, type Location } from '../oci/location.ts';
import type { Platform } from '../oci/platform.ts';
import { formatPinned, layoutName, type NameRules } from '../options/names.ts';
import { exportImage, type ExportOutput, type ExtensionLayer } from '../phases/export.ts';
import { findProgram } from '../phases/export/find-program.ts';
import { readLaunchLayers } from '../phases/export/launch-layers.ts';
import type { SbomDirectories } from '../phases/export/lifecycle-sboms.ts';
import type { Image } from '../ports/image.ts';
import type { BuildCache, LayerStore } from '../ports/layer-cache.ts';
import type { LayerIndex } from '../ports/layer-index.ts';
import { readBuildBom } from '../workspace/buildpack-files.ts';
import { readProjectMetadata, writeReport } from '../workspace/files.ts';
import { chooseImageLauncher } from './choose-image-launcher.ts';
import { exportReport, throwFailedOutputs } from './finish-export.ts';
import { runImageTools } from './run-image-tools.ts';
import { runImageRecord } from './run-image.ts';
import type { OpenSinks } from './sinks.ts';
import { stage, type Guard } from './stage.ts';

const LIFECYCLE_DIRECTORY = '/cnb/lifecycle';

/** What an export is told besides what the phases before it made. */
export interface ExportSettings {
  readonly launcher: string;
  readonly processType: string | undefined;
  /** Path of project-metadata.toml, or what it would say; undefined: none. */
  readonly projectMetadata: string | ProjectMetadata | undefined;
  /** Path of report.toml; undefined: none is written. */
  readonly report: string | undefined;
  readonly sourceDateEpoch: string | undefined;
  readonly compression: Compression;
  /** Fill the cache while the image is made and written. */
  readonly isParallel: boolean;
  /** Directory of `lifecycle.sbom.*` and `launcher.sbom.*`; undefined: none are looked for. */
  readonly launcherSbomDir: string | undefined;
  readonly execEnv: string;
  /** Directory where it is remembered which programs run images have; undefined: nowhere. */
  readonly runImageMemory: string | undefined;
  readonly features: PlatformFeatures;
  readonly names: NameRules;
  /** What no part of the image or the cache may hold; default: nothing is looked for. */
  readonly secretForms?: readonly SecretForm[];
  /** A file of the builder image; absent: there is none. */
  readonly readBuilderFile?: (path: string) => Promise<Uint8Array | undefined>;
}

export interface RunExportInput {
  readonly settings: ExportSettings;
  readonly layers: Place;
  readonly app: Place;
  readonly group: readonly GroupElement[];
  readonly metadata: BuildMetadata;
  /** Pinned when it was analyzed: the very image, not its tag again (contract GAP-12). */
  readonly runImage: BaseImage;
  /** Which programs it has, where somebody asked before. */
  readonly tools?: () => Promise<RunImageTools>;
  /** The topmost layers of `runImage` that came from extensions. */
  readonly extensionLayers?: readonly ExtensionLayer[];
  /** The run image's name to record; undefined where it is only a place of this machine (design §2.5). */
  readonly runImageName: string | undefined;
  readonly runEntries: readonly RunImageEntry[];
  readonly target: TargetMetadata | undefined;
  readonly previous: { readonly image: Image; readonly metadata: LifecycleMetadata } | undefined;
}

export interface RunExportPorts {
  readonly outputs: OpenSinks;
  readonly cache: BuildCache | undefined;
  readonly launchCache: LayerStore | undefined;
  /** Undefined: every layer is read. */
  readonly index: LayerIndex | undefined;
  readonly guard: Guard;
}

export interface RunExportOutput {
  readonly exported: ExportOutput;
  readonly launcher: ChosenLauncher;
  /** Of the image. */
  readonly platform: Platform;
}

/** Export, shared by exporter, creator and `slipway build`: launcher, image, report. The report is written for a failed output too. */
export async function runExport(input: RunExportInput, ports: RunExportPorts, ctx: Context): Promise<RunExportOutput> {
  const { settings, metadata, runImage, runImageName } = input;
  const { guard, outputs } = ports;
  const { launcher, exported } = await guard('export', async () => {
    const { features } = settings;
    // What is remembered of the run image is not true of an extended one.
    const memory = input.extensionLayers === undefined ? settings.runImageMemory : undefined;
    const launcher = await chooseImageLauncher(
      {
        choice: settings.launcher,
        ...(settings.readBuilderFile === undefined ? {} : { readBuilderFile: settings.readBuilderFile }),
        metadata,
        features,
        base: runImage,
        execEnv: settings.execEnv,
        processType: settings.processType,
        appDir: input.app.logical,
        tools: input.tools ?? runImageTools(runImage, memory, ctx),
        readLayers: (withoutContents) => readLaunchLayers(input, ports, ctx, { withoutContents }),
        findProgram: (paths) => findProgram(paths, input, ports, ctx),
      },
      ctx,
    );
    const { projectMetadata } = settings;
    const launcherSbomDir = features.hasLauncherSboms ? settings.launcherSbomDir : undefined;
    const project =
      typeof projectMetadata === 'string' ? await readProjectMetadata(projectMetadata, ctx) : (projectMetadata ?? {});
    const runFile = features.hasRunToml ? 'run.toml' : 'stack.toml';
    const record = runImageRecord(runImageName, input.runEntries, runFile);
    if (record.warning !== undefined) ctx.emit({ type: 'log', level: 'warn', message: record.warning });
    const exported = await exportImage(
      {
        layers: input.layers,
        app: input.app,
        group: input.group,
        metadata,
        runImage,
        extensionLayers: input.extensionLayers,
        runImageMetadata: { image: record.image, mirrors: record.mirrors },
        runImageReference: layoutReference(runImage, settings.names),
        target: input.target,
        previous: input.previous,
        launcher: launcher.kind === 'none' ? undefined : { bytes: launcher.bytes, label: launcher.label },
        directStart: launcher.kind === 'none' ? { ...launcher.start, label: launcher.label } : undefined,
        processType: settings.processType,
        projectMetadata: projectMetadataLabel(project),
        sourceDateEpoch: settings.sourceDateEpoch,
        execEnv: settings.execEnv,
        features,
        compression: settings.compression,
        isParallel: settings.isParallel,
        secretForms: settings.secretForms,
        lifecycleSboms: launcherSbomDir === undefined ? undefined : sbomDirectories(launcherSbomDir),
        identify: (location, digest) => {
          const path = layoutName(location, settings.names);
          return path === undefined ? undefined : `${path}@${digest}`;
        },
      },
      { ...ports, sinks: outputs.sinks, staging: outputs.staging },
      ctx,
    );
    return { launcher, exported };
  });
  const { report } = settings;
  if (report !== undefined)
    await stage('write export report', 62, async () => {
      const buildBom = settings.features.hasBomTables ? await readBuildBom(input.group, input.layers) : [];
      await writeReport(report, { ...exportReport(exported, launcher), buildBom });
    });
  await guard('export', () => {
    throwFailedOutputs(exported);
    return Promise.resolve();
  });
  return { exported, launcher, platform: runImage.platform };
}

/** The lines about the images that an export begins with (contract §13.1.4, §18.2). */
export function announceImages(
  images: { readonly previous: Image | undefined; readonly output: Location | undefined },
  names: NameRules,
  ctx: Context,
): void {
  const info = (message: string): void => ctx.emit({ type: 'log', level: 'info', message });
  const { previous, output } = images;
  if (previous !== undefined) {
    const shown = layoutName(previous.pinned, names) ?? displayLocation(previous.pinned);
    info(`Reusing layers from image '${shown}'`);
  }
  const path = output === undefined ? undefined : layoutName(output, names);
  if (path !== undefined) info(`Using app image: ${path}`);
}

/** The lifecycle's own SBOMs are always where it was installed; the launcher's may be elsewhere. */
function sbomDirectories(launcher: string): SbomDirectories {
  const installed = { real: LIFECYCLE_DIRECTORY, logical: LIFECYCLE_DIRECTORY };
  return launcher === LIFECYCLE_DIRECTORY ? installed : { ...installed, launcher };
}

/** Only under `-layout` may the label hold a path. */
function layoutReference(base: BaseImage, names: NameRules): string | undefined {
  return names.layoutDir === undefined || isScratch(base) ? undefined : formatPinned(base.pinned, names);
}
