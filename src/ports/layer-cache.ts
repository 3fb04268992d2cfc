import type { Context } from '../core/context.ts';
import type { DiffId } from '../oci/digest.ts';
import type { Layer } from './blob.ts';
import type { BlobStaging } from './store.ts';

/**
 * A build cache as a transaction (design §4): one root is pinned when it is opened, the next one becomes visible on `commit`.
 * Last commit wins; no blob of another build is lost.
 */
export interface BuildCache extends AsyncDisposable {
  readonly description: string;
  /** JSON of the pinned root (`io.buildpacks.lifecycle.cache.metadata`); undefined when there is none or it cannot be read. */
  readonly metadata: unknown;
  /** True for a cache image that does not exist yet. */
  readonly isMissing?: boolean;
  /** The cached layer of a diffID, verified against size; undefined when absent. */
  readonly find: (diffId: DiffId, ctx: Context) => Promise<Layer | undefined>;
  /** Adds a layer to the next root; no copy when the blob is there already. */
  readonly add: (layer: Layer, ctx: Context) => Promise<void>;
  /** Where a new cache layer can be packed straight into the cache, when the cache is local. */
  readonly staging?: BlobStaging;
  /** Writes the next root with this metadata (JSON text, newline added). */
  readonly commit: (metadataJson: string, ctx: Context) => Promise<void>;
}

/** diffID → blob: the launch cache (design §2.6), and any other local store of layers to reuse. */
export interface LayerStore {
  readonly description: string;
  readonly find: (diffId: DiffId, ctx: Context) => Promise<Layer | undefined>;
  readonly add: (layer: Layer, ctx: Context) => Promise<void>;
}
