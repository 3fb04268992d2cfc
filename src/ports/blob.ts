import type { Descriptor } from '../oci/descriptor.ts';
import type { DiffId } from '../oci/digest.ts';

/** Bytes that can be read again from the start, lazily: what retry and copy need. `open` streams exactly `descriptor.size` bytes. */
export interface Blob {
  readonly descriptor: Descriptor;
  readonly open: (signal?: AbortSignal) => AsyncIterable<Uint8Array>;
  /** The bytes from there to the end, unverified, where they can be had without reading those before. */
  readonly openAt?: (offset: number, signal?: AbortSignal) => AsyncIterable<Uint8Array>;
}

/** A place that has the bytes already, so that a sink on the same registry can mount them. */
export interface Origin {
  /** `host[:port]` of the registry. */
  readonly registry: string;
  readonly repository: string;
}

/** A layer: its blob, the digest of its uncompressed tar, and where else it lies. */
export interface Layer extends Blob {
  readonly diffId: DiffId;
  readonly origins: readonly Origin[];
}
