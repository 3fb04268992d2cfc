import type { Descriptor } from '../oci/descriptor.ts';
import type { DiffId } from '../oci/digest.ts';

/** A blob that has the bytes of a layer. */
export interface IndexedBlob {
  /** Names codec, level and version of what made it: the same tar would give the same bytes again. Undefined: found, not made. */
  readonly format: string | undefined;
  readonly descriptor: Descriptor;
}

/** What was known of a layer when its tar was made (performance.md §7). */
export interface IndexRecord {
  /** When the walk began, by the clock of the file system. */
  readonly scannedNs: bigint;
  /** The latest time of any entry. */
  readonly newestNs: bigint;
  readonly selector: string;
  readonly shape: string;
  readonly diffId: DiffId;
  readonly blobs: readonly IndexedBlob[];
}

/** Selector → layer: lets an unchanged layer cost a walk. Nothing in it is needed: what cannot be read or written is not there. */
export interface LayerIndex {
  /** Undefined where there is no record, or one that is damaged or that another user could have written. */
  readonly read: (key: string) => IndexRecord | undefined;
  readonly write: (key: string, record: IndexRecord) => void;
  readonly remove: (key: string) => void;
  /** Every hit is proven by making the tar. */
  readonly isVerified: boolean;
}
