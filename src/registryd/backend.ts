import type { Context } from '../core/context.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';

/** First and last byte, both included, as in a Range header. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Bytes on their way in. Nothing is visible before `commit`, which is given the digest that the bytes were found to have. */
export interface IncomingBlob {
  readonly write: (bytes: Uint8Array) => void;
  /** What was written so far: a digest of another algorithm than was hashed on the way needs it again. */
  readonly read: () => AsyncIterable<Uint8Array>;
  readonly commit: (repository: string, digest: Digest, size: number) => Promise<void>;
  readonly abort: () => void;
}

/** What the server serves. `NOT_SUPPORTED` from a function becomes status 405. Blobs and manifests are visible per repository; the bytes are stored once. */
export interface RegistryBackend {
  readonly description: string;
  /** Sorted names of the repositories that hold a manifest. */
  readonly repositories: (ctx: Context) => Promise<readonly string[]>;
  /** Sorted tags; undefined when there is no such repository. */
  readonly tags: (repository: string, ctx: Context) => Promise<readonly string[] | undefined>;
  /** Size in bytes; undefined when the repository has no such blob. */
  readonly blobSize: (repository: string, digest: Digest, ctx: Context) => Promise<number | undefined>;
  readonly readBlob: (digest: Digest, range: ByteRange, ctx: Context) => AsyncIterable<Uint8Array>;
  /** Makes a blob of another repository visible in this one; false when that one has it not. */
  readonly mountBlob: (repository: string, digest: Digest, from: string, ctx: Context) => Promise<boolean>;
  readonly beginBlob: (ctx: Context) => Promise<IncomingBlob>;
  readonly deleteBlob: (repository: string, digest: Digest, ctx: Context) => Promise<boolean>;
  readonly manifest: (repository: string, target: string | Digest, ctx: Context) => Promise<RawManifest | undefined>;
  /** Stores a manifest by its digest and, when given, under a tag. */
  readonly putManifest: (
    repository: string,
    tag: string | undefined,
    manifest: RawManifest,
    ctx: Context,
  ) => Promise<void>;
  /** Manifests of the repository whose subject is that digest, in byte order of their digests; their type is in `artifactType`. */
  readonly referrers: (repository: string, subject: Digest, ctx: Context) => Promise<readonly Descriptor[]>;
  /** A tag: only the name goes. A digest: the manifest and its tags go. */
  readonly deleteManifest: (repository: string, target: string | Digest, ctx: Context) => Promise<boolean>;
}
