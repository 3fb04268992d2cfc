import type { Context } from '../core/context.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { Blob, Origin } from './blob.ts';

/**
 * The store ports. Every instance is scoped to one repository, layout or archive; a name is a tag (registry) or an entry's
 * `org.opencontainers.image.ref.name` (layout, archive). A port has no `kind`: ask for what it can do with the guards below.
 */
export interface ContentReader {
  /** True when the blob is there with the descriptor's size. */
  readonly has: (descriptor: Descriptor, ctx: Context) => Promise<boolean>;
  /**
   * The blob's bytes, checked against digest and size on the way: a stream that ends well was right, a wrong one throws
   * `CONTENT_MISMATCH` before its last chunk is followed by the end. Missing: `BLOB_NOT_FOUND`.
   */
  readonly open: (descriptor: Descriptor, ctx: Context) => AsyncIterable<Uint8Array>;
}

export interface Resolver {
  /**
   * The raw manifest or index behind a name or digest (sole entry when `name` is undefined and the store allows that). Bytes are
   * verified. Throws `IMAGE_NOT_FOUND`, `IMAGE_AMBIGUOUS` (lists the entries), `REGISTRY_*`, `STORE_INVALID`.
   */
  readonly resolve: (name: string | Digest | undefined, ctx: Context) => Promise<RawManifest>;
}

/** What an image can be read from. */
export interface ImageSource extends ContentReader, Resolver {
  /** For messages: `127.0.0.1:5000/app`, `oci:out`. No secrets. */
  readonly description: string;
  /** Where this source's blobs can be mounted from, when it is a registry repository. */
  readonly origin?: Origin;
}

export type PutOutcome = 'written' | 'existed' | 'mounted';

export interface ContentWriter {
  /** Puts one blob; idempotent; safe to call at once for different blobs. Bytes are verified before they count. */
  readonly put: (blob: Blob, ctx: Context, options?: PutOptions) => Promise<PutOutcome>;
}

export interface PutOptions {
  /** Repositories that have the blob: tried for a cross-repository mount when they are on the same registry. */
  readonly origins?: readonly Origin[];
}

/**
 * Where an image goes. Blobs first, then manifests, then names; nothing is visible to readers before `commit`. Disposing without
 * commit leaves what was there before. `commit` may be called once.
 */
export interface ImageSink extends ContentWriter, AsyncDisposable {
  readonly description: string;
  readonly has: ContentReader['has'];
  /** Stages a manifest or index whose blobs were put. */
  readonly putManifest: (manifest: RawManifest, ctx: Context) => Promise<void>;
  /** Stages a name for a staged manifest; undefined = the sink's own name (the location's tag or REF). */
  readonly tag: (name: string | undefined, descriptor: Descriptor) => void;
  readonly commit: (ctx: Context) => Promise<CommitResult>;
}

export interface CommitResult {
  readonly blobsWritten: number;
  readonly blobsTotal: number;
  /** Size of the file, for an archive. */
  readonly bytes?: number;
}

/** A sink that keeps local blobs can hand out a place to write a blob whose digest is not known yet. */
export interface StagingSink {
  readonly staging: BlobStaging;
}

export function canStage(sink: object): sink is StagingSink {
  return 'staging' in sink;
}

/** A sink on this machine can give back what it has. */
export function canOpen(sink: ImageSink): sink is ImageSink & Pick<ContentReader, 'open'> {
  return 'open' in sink;
}

/** Where the layer packer writes: bytes first, digest later; nothing is visible under a digest before `commit`. */
export interface BlobStaging {
  readonly begin: () => StagedBlob;
}

export interface StagedBlob {
  /** Appends bytes; synchronous, so that a caller may reuse the buffer at once. */
  readonly write: (bytes: Uint8Array) => void;
  /** Makes the bytes the blob of that descriptor (idempotent when it exists already) and returns it. */
  readonly commit: (descriptor: Descriptor) => Promise<Blob>;
  /** Drops the bytes; safe after commit and when called twice. */
  readonly abort: () => void;
}

/** Optional power: list the names in a store. */
export interface Lister {
  readonly list: (ctx: Context) => Promise<readonly StoreEntry[]>;
}

export interface StoreEntry {
  readonly name: string | undefined;
  readonly descriptor: Descriptor;
}

export function canList(store: object): store is Lister {
  return 'list' in store;
}

/** Optional power: the bytes of a blob from an offset to its end, for who continues. They are not verified. */
export interface RangeReader {
  readonly openAt: (descriptor: Descriptor, offset: number, ctx: Context) => AsyncIterable<Uint8Array>;
}

export function canOpenAt(store: object): store is RangeReader {
  return 'openAt' in store;
}

/** Optional power: what refers to a manifest (signatures, SBOMs, attestations). */
export interface ReferrerLister {
  /** Manifests whose `subject` is that digest; none when there are none. */
  readonly referrers: (subject: Digest, ctx: Context, options?: ReferrersOptions) => Promise<readonly Descriptor[]>;
}

export interface ReferrersOptions {
  /** Only those of this artifact type. */
  readonly artifactType?: string;
}

export function canListReferrers(store: object): store is ReferrerLister {
  return 'referrers' in store;
}

/** Optional power: remove a name, or a manifest with all its names. */
export interface Deleter {
  /** Throws `IMAGE_NOT_FOUND`, and `NOT_SUPPORTED` with what the store said when it does not delete such a thing. */
  readonly delete: (name: string | Digest, ctx: Context) => Promise<void>;
}

export function canDelete(store: object): store is Deleter {
  return 'delete' in store;
}

/** Optional power: the names alone, without asking what each leads to. */
export interface TagLister {
  readonly tags: (ctx: Context) => Promise<readonly string[]>;
}

export function canListTags(store: object): store is TagLister {
  return 'tags' in store;
}

/** Optional power: a blob of which only the digest is known. */
export interface BlobFinder {
  /** Its descriptor, of a type that says nothing; undefined when the store has no such blob. */
  readonly findBlob: (digest: Digest, ctx: Context) => Promise<Descriptor | undefined>;
}

export function canFindBlob(store: object): store is BlobFinder {
  return 'findBlob' in store;
}

/** Optional power of a sink whose readers find things by a list: an entry without a name, for what refers to an image. */
export interface Attacher {
  /** Stages it for a staged manifest; idempotent. */
  readonly attach: (descriptor: Descriptor) => void;
}

export function canAttach(sink: object): sink is Attacher {
  return 'attach' in sink;
}
