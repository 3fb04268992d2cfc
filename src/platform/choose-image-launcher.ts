import { readFile } from 'node:fs/promises';
import type { PlatformFeatures } from '../cnb/features.ts';
import type { BuildMetadata } from '../cnb/process.ts';
import type { Context } from '../core/context.ts';
import { isSystem } from '../core/errors.ts';
import { isScratch, type BaseImage } from '../image/plan.ts';
import {
  BUILDER_LAUNCHER,
  chooseLauncher,
  foreseeLauncher,
  parseLauncherChoice,
  type ChosenLauncher,
} from '../launcher/choose.ts';
import { directStart } from '../launcher/direct-start.ts';
import type { LaunchLayer } from '../launcher/launch-layer.ts';
import {
  layerWarnings,
  processWarnings,
  shellProcesses,
  shellWarnings,
  type RunImageTools,
} from '../launcher/launch-warnings.ts';

/** What is known of an image's launcher before the build. */
export interface EarlyLauncherRequest {
  /** `auto`, `builder`, `shell`, `none` or a path. */
  readonly choice: string;
  readonly base: BaseImage;
  readonly tools: () => Promise<RunImageTools>;
  /** A file of the builder image; absent: the build environment is this machine. */
  readonly readBuilderFile?: (path: string) => Promise<Uint8Array | undefined>;
}

export interface LauncherRequest extends EarlyLauncherRequest {
  readonly metadata: BuildMetadata;
  readonly features: PlatformFeatures;
  readonly execEnv: string;
  readonly processType: string | undefined;
  readonly appDir: string;
  /** The launch layers; those that are not on disk are read from where they are, or passed over. */
  readonly readLayers: (withoutContents: 'read' | 'skip') => Promise<readonly LaunchLayer[]>;
  /** The first of these absolute paths that is a program in the image. */
  readonly findProgram: (paths: readonly string[]) => Promise<string | undefined>;
}

/**
 * Chooses the launcher of an image and says so in an event (design §1.2); warns of what will go wrong at start as far as it can be
 * seen (launcher.md).
 */
export async function chooseImageLauncher(request: LauncherRequest, ctx: Context): Promise<ChosenLauncher> {
  const { base, metadata, features, execEnv, processType, appDir, findProgram } = request;
  const chosen = await chooseLauncher(parseLauncherChoice(request.choice), {
    metadata,
    features,
    platform: base.platform,
    readFile: readerFor(request),
    hasShell: async () => (await request.tools()).hasShell,
    direct: () => {
      const baseEnv = isScratch(base) ? [] : base.config.env;
      const readLayers = (): Promise<readonly LaunchLayer[]> => request.readLayers('read');
      return directStart({ metadata, features, execEnv, processType, appDir, baseEnv, readLayers, findProgram });
    },
  });
  ctx.emit({ type: 'launcher.chosen', kind: chosen.kind, reason: chosen.reason });
  const warnings =
    chosen.kind === 'none' ? lossWarnings(metadata, chosen.start) : await warningsFor(request, chosen.kind);
  const code = chosen.kind === 'none' ? 'LAUNCHER_NONE' : 'LAUNCH_DOUBTFUL';
  for (const message of warnings) ctx.emit({ type: 'warning', code, message });
  return chosen;
}

/** Before anything is built: throws where that would be in vain, and warns where it may be. */
export async function foreseeImageLauncher(request: EarlyLauncherRequest, ctx: Context): Promise<void> {
  const obstacles = await foreseeLauncher(parseLauncherChoice(request.choice), {
    platform: request.base.platform,
    readFile: readerFor(request),
    hasShell: async () => (await request.tools()).hasShell,
  });
  if (obstacles.length === 0) return;
  const message = `No launcher fits the image (${obstacles.join(', ')}): it can be made only if its default process starts without one`;
  ctx.emit({ type: 'warning', code: 'LAUNCHER_NONE', message });
}

async function warningsFor(request: LauncherRequest, kind: 'path' | 'builder' | 'shell'): Promise<readonly string[]> {
  const { metadata } = request;
  const layers = await request.readLayers('skip');
  const needsTools = kind === 'shell' || shellProcesses(metadata).length > 0;
  const tools = needsTools ? await request.tools() : undefined;
  return [
    ...layerWarnings(layers, metadata),
    ...(tools === undefined ? [] : processWarnings(metadata, tools, kind)),
    ...(tools === undefined || kind !== 'shell' ? [] : shellWarnings(layers, metadata, tools)),
  ];
}

/** What an image without a launcher does not do (conditions 1 and 8 of launcher `none`). */
function lossWarnings(
  { processes }: BuildMetadata,
  { process, env }: { readonly process: string; readonly env: readonly (readonly [string, string])[] },
): readonly string[] {
  const others = [...new Set(processes.map(({ type }) => type))].filter((type) => type !== process);
  const names = env.map(([name]) => name);
  return [
    `The image has no launcher: it starts the process ${process}${others.length === 0 ? '' : `, and has none of ${others.join(', ')}`}; another command must be given as an entrypoint`,
    ...(names.length === 0
      ? []
      : [`The image has no launcher: a value given at run time replaces what buildpacks set for ${names.join(', ')}`]),
  ];
}

/** The builder's launcher is its own file; every other path was named by the user. */
function readerFor({ readBuilderFile }: EarlyLauncherRequest): (path: string) => Promise<Uint8Array | undefined> {
  if (readBuilderFile === undefined) return readOptional;
  return (path) => (path === BUILDER_LAUNCHER ? readBuilderFile(path) : readOptional(path));
}

async function readOptional(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}
