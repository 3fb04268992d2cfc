import type { TargetMetadata } from '../cnb/analyzed.ts';
import type { PlatformFeatures } from '../cnb/features.ts';
import type { LifecycleMetadata } from '../cnb/layer-metadata.ts';
import type { GroupElement } from '../cnb/module.ts';
import type { BuildMetadata, Label } from '../cnb/process.ts';
import type { Context } from '../core/context.ts';
import { messageOf, SlipwayError } from '../core/errors.ts';
import type { LayerStatus } from '../core/events.ts';
import type { SecretForm } from '../core/secret-forms.ts';
import type { BaseImage } from '../image/plan.ts';
import type { DirectStart } from '../launcher/direct-start.ts';
import type { Compression } from '../layer/compression.ts';
import type { Place } from '../layer/place.ts';
import type { Digest, DiffId } from '../oci/digest.ts';
import type { Location } from '../oci/location.ts';
import type { Image } from '../ports/image.ts';
import type { BuildCache, LayerStore } from '../ports/layer-cache.ts';
import type { LayerIndex } from '../ports/layer-index.ts';
import type { BlobStaging, ImageSink } from '../ports/store.ts';
import { layersOfBase } from './export/base-layers.ts';
import { layerMaking, planContent, type ContentPlan } from './export/content.ts';
import { fillCache } from './export/fill-cache.ts';
import { fillLaunchCache } from './export/fill-launch-cache.ts';
import { log, type MadeLayer } from './export/layer-request.ts';
import { copyLifecycleSboms, type SbomDirectories } from './export/lifecycle-sboms.ts';
import { makeImage } from './export/make-image.ts';
import { refuseSecrets } from './export/refuse-secrets.ts';
import { SharedLayers } from './export/shared-layers.ts';
import { cacheCompression } from './export/variants.ts';
import { withTimer } from './timer.ts';

/** The launcher file of the image, and a label that says what it is. */
interface LauncherLayer {
  readonly bytes: Uint8Array;
  readonly label?: Label | undefined;
}

/** A layer of the run image that came from an extension. */
export interface ExtensionLayer {
  readonly id: string;
  readonly status: 'new' | 'reused';
}

export interface ExportInput {
  readonly layers: Place;
  readonly app: Place;
  readonly group: readonly GroupElement[];
  /** `<layers>/config/metadata.toml` as read; the config layer is made of the directory itself. */
  readonly metadata: BuildMetadata;
  readonly runImage: BaseImage;
  /** The topmost layers of `runImage` that extensions put onto it, bottom first; default: none. */
  readonly extensionLayers?: readonly ExtensionLayer[] | undefined;
  /** For the label (GAP-35): the name as provided and its mirrors. */
  readonly runImageMetadata: { readonly image?: string | undefined; readonly mirrors?: readonly string[] | undefined };
  /** For the label when it may hold a path (`-layout`); default `repo@digest`, or a bare digest for a store on disk (design §2.5). */
  readonly runImageReference?: string | undefined;
  /** What analyzed.toml says; another platform of the run image is refused (GAP-10). */
  readonly target?: TargetMetadata | undefined;
  readonly previous: { readonly image: Image; readonly metadata: LifecycleMetadata } | undefined;
  /** Undefined: no launcher layer and no process types. */
  readonly launcher: LauncherLayer | undefined;
  /** How the image starts without a launcher; only where there is none. */
  readonly directStart?: (DirectStart & { readonly label?: Label }) | undefined;
  /** `-process-type`. */
  readonly processType: string | undefined;
  /** JSON of `io.buildpacks.project.metadata`. */
  readonly projectMetadata: string;
  readonly sourceDateEpoch: string | undefined;
  readonly execEnv: string;
  readonly features: PlatformFeatures;
  /** Of new layers, where an output does not ask for another one. */
  readonly compression: Compression;
  /** Fill the cache while the image is made and written (`-parallel`), not after it. */
  readonly isParallel?: boolean;
  /** Where `lifecycle.sbom.*` and `launcher.sbom.*` are looked for; undefined: nowhere, and no warning. */
  readonly lifecycleSboms?: SbomDirectories | undefined;
  /** What no part of the image or the cache may hold; default: nothing is looked for. */
  readonly secretForms?: readonly SecretForm[] | undefined;
  /** How the log identifies the image at its first location; default, and where it gives undefined: the digest. */
  readonly identify?: ((location: Location, digest: Digest) => string | undefined) | undefined;
}

export interface ExportSink {
  readonly location: Location;
  readonly sink: ImageSink;
  /** Names in the sink; undefined = the sink's own. */
  readonly names: readonly (string | undefined)[];
  /** The names as the user wrote them, one for each of `names`; default: the location. */
  readonly shown?: readonly string[] | undefined;
  /** Of the image's new layers there; default: the export's. */
  readonly compression?: Compression | undefined;
}

export interface ExportPorts {
  /** In the order in which they are committed; the first one names the image in messages. */
  readonly sinks: readonly ExportSink[];
  readonly cache: BuildCache | undefined;
  readonly launchCache: LayerStore | undefined;
  /** Undefined: every layer is read. */
  readonly index?: LayerIndex | undefined;
  /** Where new blobs of the first output's compression are kept until the sinks have them. */
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

interface ExportedLayer {
  readonly id: string;
  readonly diffId: DiffId;
  readonly digest: Digest;
  /** Compressed size in bytes. */
  readonly size: number;
  readonly status: LayerStatus;
}

export interface ExportOutput {
  readonly digest: Digest;
  /** What engines call the image's id; an index has none. */
  readonly configDigest?: Digest;
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
export async function exportImage(input: ExportInput, ports: ExportPorts, ctx: Context): Promise<ExportOutput> {
  assertTarget(input);
  const { lifecycleSboms, layers: place } = input;
  const exported = await withTimer('Exporter', ctx, async () => {
    if (lifecycleSboms !== undefined) await copyLifecycleSboms(lifecycleSboms, place, ctx);
    const plan = await planContent(input, ports, ctx);
    await refuseSecrets(plan, input, ports, ctx);
    const shared = new SharedLayers();
    shared.expect(plan.below.map(({ id }) => id));
    const filling = { ports, shared, directories: plan.directories };
    const making = makeImage(input, ports, ctx, { plan, shared });
    if (input.isParallel === true) await both(making, exportCache(input, filling, ctx));
    return { ...(await making), filling };
  });
  const { image, made, outputs } = exported;
  if (outputs[0]?.error === undefined && ports.launchCache !== undefined)
    await fillLaunchCache(made, ports.launchCache, ctx);
  if (input.isParallel !== true) await exportCache(input, exported.filling, ctx);
  const { digest, size } = image.manifest.descriptor;
  const configDigest = image.config.descriptor.digest;
  return { digest, configDigest, manifestSize: size, outputs, layers: exportedLayers(input, made) };
}

/** Waits for both to end; throws the first one's error before the other's. */
async function both(first: Promise<unknown>, second: Promise<unknown>): Promise<void> {
  for (const result of await Promise.allSettled([first, second])) if (result.status === 'rejected') throw result.reason;
}

interface CacheExport {
  readonly ports: ExportPorts;
  readonly shared: SharedLayers;
  readonly directories: ContentPlan['directories'];
}

/** The cache's part; a cache that cannot be written does not fail a build whose image is there. */
async function exportCache(
  input: ExportInput,
  { ports, shared, directories }: CacheExport,
  ctx: Context,
): Promise<void> {
  const { cache } = ports;
  if (cache === undefined) return;
  const compression = cacheCompression(input.compression);
  const making = layerMaking(
    input,
    { ...ports, staging: cache.staging ?? ports.staging },
    { compressions: [compression], outputs: [ports.sinks.map(({ sink }) => sink)] },
  );
  try {
    await withTimer('Cache', ctx, async () => {
      if (cache.isMissing === true) log(ctx, 'info', 'Layer cache not found');
      await fillCache({ directories, place: input.layers, shared, making }, cache, ctx);
    });
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    log(ctx, 'warn', `Failed to export cache: ${messageOf(error)}`);
  }
}

function exportedLayers(input: ExportInput, made: readonly MadeLayer[]): readonly ExportedLayer[] {
  return [...layersOfBase(input), ...made.map(({ request, layer, status }) => ({ id: request.id, layer, status }))].map(
    ({ id, layer, status }) => ({
      id,
      diffId: layer.diffId,
      digest: layer.descriptor.digest,
      size: layer.descriptor.size,
      status,
    }),
  );
}

/** Buildpacks were told a target: the image must be for that one (GAP-10). */
function assertTarget({ target, runImage }: ExportInput): void {
  const { os, architecture } = runImage.platform;
  if (target === undefined || (target.os === os && target.arch === architecture)) return;
  throw new SlipwayError(
    'PLATFORM_NOT_FOUND',
    `the run image is for ${os}/${architecture}, but the build was for ${target.os}/${target.arch}`,
    { hint: 'analyze again: the run image changed since' },
  );
}
