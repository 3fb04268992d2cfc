import type { TargetMetadata } from '../cnb/analyzed.ts';
import type { PlatformFeatures } from '../cnb/features.ts';
import type { LifecycleMetadata } from '../cnb/layer-metadata.ts';
import type { GroupElement } from '../cnb/module.ts';
import type { BuildMetadata, Label } from '../cnb/process.ts';
import type { Context } from '../core/context.ts';
import type { LayerStatus } from '../core/events.ts';
import type { BaseImage } from '../image/plan.ts';
import type { Compression } from '../layer/compression.ts';
import type { Place } from '../layer/place.ts';
import type { Digest, DiffId } from '../oci/digest.ts';
import type { Location } from '../oci/location.ts';
import type { Image } from '../ports/image.ts';
import type { BuildCache, LayerStore } from '../ports/layer-cache.ts';
import type { BlobStaging, ImageSink } from '../ports/store.ts';

/** The launcher file of the image, and a label that says what it is. */
export interface LauncherLayer {
  readonly bytes: Uint8Array;
  readonly label?: Label | undefined;
}

export interface ExportInput {
  readonly layers: Place;
  readonly app: Place;
  readonly group: readonly GroupElement[];
  /** `<layers>/config/metadata.toml` as read; the config layer is made of the directory itself. */
  readonly metadata: BuildMetadata;
  readonly runImage: BaseImage;
  /** For the label (GAP-35): the name as provided and its mirrors. */
  readonly runImageMetadata: { readonly image?: string | undefined; readonly mirrors?: readonly string[] | undefined };
  /** For the label when it may hold a path (`-layout`); default `repo@digest`, or a bare digest for a store on disk (design §2.5). */
  readonly runImageReference?: string | undefined;
  /** What analyzed.toml says; another platform of the run image is refused (GAP-10). */
  readonly target?: TargetMetadata | undefined;
  readonly previous: { readonly image: Image; readonly metadata: LifecycleMetadata } | undefined;
  /** Undefined: no launcher layer and no process types. */
  readonly launcher: LauncherLayer | undefined;
  /** `-process-type`. */
  readonly processType: string | undefined;
  /** JSON of `io.buildpacks.project.metadata`. */
  readonly projectMetadata: string;
  readonly sourceDateEpoch: string | undefined;
  readonly execEnv: string;
  readonly features: PlatformFeatures;
  readonly compression: Compression;
  /** Where `lifecycle.sbom.*` and `launcher.sbom.*` are looked for; undefined: nowhere, and no warning. */
  readonly lifecycleSboms?: { readonly real: string; readonly logical: string } | undefined;
}

export interface ExportSink {
  readonly location: Location;
  readonly sink: ImageSink;
  /** Names in the sink; undefined = the sink's own. */
  readonly names: readonly (string | undefined)[];
  /** The names as the user wrote them, one for each of `names`; default: the location. */
  readonly shown?: readonly string[] | undefined;
}

export interface ExportPorts {
  /** In the order in which they are committed; the first one names the image in messages. */
  readonly sinks: readonly ExportSink[];
  readonly cache: BuildCache | undefined;
  readonly launchCache: LayerStore | undefined;
  /** Where new blobs of this export are kept until the sinks have them. */
  readonly staging: BlobStaging;
}

export interface OutputResult {
  readonly location: Location;
  readonly digest: Digest;
  /** In bytes. */
  readonly manifestSize: number;
  readonly mediaType: string;
  /** As the user wrote them. */
  readonly names: readonly string[];
  readonly blobsWritten?: number;
  readonly blobsTotal?: number;
  /** Size of an archive's file. */
  readonly bytes?: number;
  /** Why this output was not written. */
  readonly error?: string;
  readonly cause?: unknown;
}

export interface ExportedLayer {
  readonly id: string;
  readonly diffId: DiffId;
  readonly digest: Digest;
  /** Compressed size in bytes. */
  readonly size: number;
  readonly status: LayerStatus;
}

export interface ExportOutput {
  readonly digest: Digest;
  readonly manifestSize: number;
  /** In the order of the sinks. A failed one carries its error; nothing is thrown for it. */
  readonly outputs: readonly OutputResult[];
  /** Base first. */
  readonly layers: readonly ExportedLayer[];
}

/**
 * Makes the app image and writes it to every sink, then fills the caches (contract §13, design §1.2). A sink that fails leaves the
 * others and is told in `outputs`; everything else throws. Sinks stay the caller's to dispose.
 */
export function exportImage(input: ExportInput, ports: ExportPorts, ctx: Context): Promise<ExportOutput> {
  return Promise.reject(new Error(`not yet: ${input.layers.real} ${ctx.tmp} ${typeof ports}`));
}
