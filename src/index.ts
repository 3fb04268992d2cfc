/**
 * The public API: the functions behind the commands, typed, streaming, abortable. Everything takes a `Context`; nothing prints,
 * reads the environment or ends the process.
 */
export { systemClock, type Clock } from './core/clock.ts';
export type { Context, Product } from './core/context.ts';
export { BUILDPACK_APIS, PLATFORM_APIS } from './cnb/features.ts';
export { ERROR_CODES, type ErrorCode } from './core/error-codes.ts';
export { hasCode, SlipwayError, type Remedy } from './core/errors.ts';
export type { BuildOutput, Emit, Event, LayerStatus, LogLevel, PhaseName, RebasedPlatform } from './core/events.ts';
export { createLimiter, type Limiter } from './core/limiter.ts';
export { withContext, type ContextOptions } from './core/with-context.ts';

export type { Descriptor } from './oci/descriptor.ts';
export { digestOf, parseDiffId, parseDigest, type DiffId, type Digest } from './oci/digest.ts';
export type { ImageConfig } from './oci/image-config.ts';
export { displayLocation, formatLocation, parseLocation, type Location } from './oci/location.ts';
export { encodeManifest, type Manifest, type RawManifest } from './oci/manifest.ts';
export { architectureOf, formatPlatform, parsePlatform, type Platform } from './oci/platform.ts';
export { formatReference, parseReference, type Reference } from './oci/reference.ts';

export type { Blob, Layer, Origin } from './ports/blob.ts';
export type { FindOptions, ImageFinder, ImageRole } from './ports/image-finder.ts';
export type { Image } from './ports/image.ts';
export type { StandardInput, StandardOutput, StandardStreams } from './ports/standard-streams.ts';
export type {
  BlobStaging,
  ContentReader,
  ContentWriter,
  ImageSink,
  ImageSource,
  Lister,
  Resolver,
  StoreEntry,
} from './ports/store.ts';

export { copyImage, putImage, type AssembledImage } from './store/copy.ts';
export { openArchive } from './store/archive/archive-source.ts';
export { openArchiveSink } from './store/archive/archive-sink.ts';
export { openLayout } from './store/layout/layout-source.ts';
export { openLayoutSink } from './store/layout/layout-sink.ts';
export { MemoryStore } from './store/memory/memory-store.ts';
export { selectImage, type SelectOptions } from './store/select.ts';
export { validateStore, type Problem } from './store/validate.ts';

export { DEFAULT_COMPRESSION, parseCompression, type Compression } from './layer/compression.ts';
export { extractLayer } from './layer/extract.ts';
export type { LayerEntry, LayerSource } from './layer/layer-source.ts';
export { openTar } from './layer/open-tar.ts';
export { packLayer, type PackedLayer } from './layer/pack.ts';
export { virtualParents, type Owner, type Place } from './layer/place.ts';

export { openRootfs, type Rootfs } from './rootfs/open-rootfs.ts';
export type { Owners, Ownership } from './rootfs/owners.ts';
export { assemble } from './image/assemble.ts';
export type { ImagePlan } from './image/plan.ts';
export { createKeychain } from './keychain/keychain.ts';
export { createLocator, type Locator, type LocatorOptions } from './locate/locator.ts';
export { createRegistryClient } from './registry/client.ts';
export type { CredentialLookup, RegistryOptions } from './registry/options.ts';
export { layoutBackend, memoryBackend, serveRegistry, type RegistryServer } from './registryd/serve.ts';

export { imageBlob, saveBlob } from './tools/blob.ts';
export { imageConfig, type FoundConfig } from './tools/config.ts';
export {
  copyImages,
  type CopiedImage,
  type CopyImagesOptions,
  type CopyOutcome,
  type CopyRequest,
} from './tools/copy.ts';
export { listImages, type ListedImage, type ListOptions } from './tools/list.ts';
export { imageManifest, type FoundManifest, type PlatformChoice } from './tools/manifest.ts';
export { imageReferrers, type FoundReferrers, type ReferrerOptions } from './tools/referrers.ts';
export { removeImages, type RemovedImage, type RemoveOptions } from './tools/remove.ts';
export { tagImage, type TaggedImage } from './tools/tag.ts';
export { validateImages, type ValidateOptions } from './tools/validate.ts';

export { parseOutput, type OutputRequest } from './options/output.ts';
export { buildImage } from './platform/build/build.ts';
export { rebaseImage, type RebaseOptions, type RebaseOutcome } from './platform/rebase.ts';
export type { BuildOptions, BuildOutcome, BuiltLayer } from './platform/build/options.ts';
export type { ModuleRequest, ModuleRequests } from './platform/modules/module-request.ts';
export type { Machine } from './platform/machine.ts';
export { chooseSandbox, surveySandboxes } from './sandbox/choose.ts';
export { createPlainRenderer, type PlainOptions } from './term/plain-renderer.ts';
export type { Terminal } from './term/terminal.ts';
