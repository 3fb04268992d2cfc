import type { BuildOutput, MemoVerdict } from '../../core/events.ts';
import type { Platform } from '../../oci/platform.ts';
import type { IndexChoice } from '../../options/index-choice.ts';
import type { OutputRequest } from '../../options/output.ts';
import type { RegistryFlags } from '../../options/registry-flags.ts';
import type { ExportOutput } from '../../phases/export.ts';
import type { LimitOptions } from './limits.ts';
import type { SandboxChoice } from '../../sandbox/choose.ts';
import type { SettingsOptions } from '../config/use.ts';
import type { Machine } from '../machine.ts';
import type { DataOptions } from './data.ts';
import type { DebugOptions } from '../debug/options.ts';
import type { MemoOptions } from '../memo/options.ts';
import type { ModuleRequests } from '../modules/module-request.ts';

/** What `slipway build` was asked to do. Paths may be relative to the working directory. */
export interface BuildOptions extends DataOptions, LimitOptions, DebugOptions, MemoOptions, SettingsOptions {
  /** Name of the image: what a registry output is pushed to and what archives and layouts call it. */
  readonly image: string;
  /** The app: a directory, an archive, or `-`; never written to. */
  readonly path: string;
  /** project.toml; default: the one in the app. */
  readonly descriptor?: string;
  /** Location of a builder image: its buildpacks, order and run images; in the place of `buildpacks`. */
  readonly builder?: string;
  /** A directory of buildpacks: `<id>/<version>/buildpack.toml`. */
  readonly buildpacks?: string;
  /** order.toml; absent: the one in `buildpacks`, else all of its buildpacks as one group. */
  readonly order?: string;
  /** Buildpacks and extensions beside, or in the place of, the order. */
  readonly modules?: ModuleRequests;
  /** Location of the run image, or `scratch`; default: the builder's. */
  readonly runImage?: string;
  readonly runImageName?: string;
  readonly outputs: readonly OutputRequest[];
  /** False where there need be no outputs, as only what comes before them is wanted; default true. */
  readonly makesImage?: boolean;
  /** The app's environment for buildpacks, as `<platform>/env` files. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cacheDir?: string;
  /** Location of a cache image, in the place of `cacheDir`. */
  readonly cacheImage?: string;
  readonly launchCacheDir?: string;
  readonly sandbox?: SandboxChoice;
  readonly network?: 'host' | 'none';
  readonly target?: Platform;
  /** Text for `parseCompression`, of every output that does not say its own; default: gzip. */
  readonly compression?: string;
  /** `auto`, `builder`, `shell`, `none` or a path. */
  readonly launcher?: string;
  readonly previousImage?: string;
  readonly defaultProcess?: string;
  readonly projectMetadata?: string;
  readonly report?: string;
  /** Seconds since 1970, as SOURCE_DATE_EPOCH. */
  readonly sourceDateEpoch?: string;
  readonly execEnv?: string;
  /** Where the layers directory is kept; absent: a temporary one that goes with the build. */
  readonly layersDir?: string;
  /** How registries may be reached; default: as the machine's environment and files say. */
  readonly registry?: RegistryFlags;
  /** Owner of everything in the image; default 1000:1000. */
  readonly uid?: number;
  readonly gid?: number;
  /** Do not use layers of the previous image or the cache. */
  readonly clearCache?: boolean;
  /** Default: use. */
  readonly index?: IndexChoice;
  readonly machine: Machine;
}

export interface BuildOutcome {
  readonly image: string;
  /** Digest of the manifest; the same for every output. */
  readonly digest: string;
  readonly platform: string;
  readonly outputs: readonly BuildOutput[];
  readonly layers: readonly BuiltLayer[];
  /** Path of report.toml, when it was kept. */
  readonly report: string | undefined;
  /** The launcher that was put into the image, and why. */
  readonly launcher: { readonly kind: string; readonly reason: string };
  /** `none` where nothing was run. */
  readonly sandbox: string;
  /** With `memo`: what was known. With `hit` nothing was run. */
  readonly memo?: MemoVerdict;
}

export interface BuiltLayer {
  readonly id: string;
  readonly diffId: string;
  readonly digest: string;
  readonly size: number;
  readonly status: string;
}

/** What became of each output, as events and the outcome tell it. */
export function buildOutputs(exported: ExportOutput): readonly BuildOutput[] {
  return exported.outputs.map((output) => ({
    location: output.names.join(', '),
    digest: output.digest,
    ...(output.blobsWritten === undefined ? {} : { blobsWritten: output.blobsWritten }),
    ...(output.blobsTotal === undefined ? {} : { blobsTotal: output.blobsTotal }),
    ...(output.bytes === undefined ? {} : { bytes: output.bytes }),
    ...(output.error === undefined ? {} : { error: output.error }),
  }));
}
