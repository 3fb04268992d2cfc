import { isForExecEnv } from '../cnb/exec-env.ts';
import type { Context } from '../core/context.ts';
import { hasCode, SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { DiffId } from '../oci/digest.ts';
import type { Layer } from '../ports/blob.ts';
import type { BuildCache } from '../ports/layer-cache.ts';
import type { BlobStaging } from '../ports/store.ts';
import { openCacheFolder, type CacheFolder } from './cache-folder.ts';
import { collect } from './collect.ts';
import { openGoVolume, type GoVolume } from './go-volume.ts';
import { readRoot, writeRoot, type Root } from './root-file.ts';

/** Root of builds for production; other execution environments have roots of their own (GAP-24). */
const KEY = 'build';

export interface FolderCacheOptions {
  /** Undefined where the Platform API knows none. */
  readonly execEnv?: string | undefined;
  /** How long a launch layer that nobody looks up is remembered; default: 30 days. */
  readonly recordAgeMs?: number;
}

/**
 * Opens a cache folder (design §4) and pins its current root; makes the folder when it is missing (GAP-3). Throws `WRITE_FAILED`
 * (exit 1) naming the path when it is a file or cannot be written to. A root that cannot be read is a warning and no root. Where no
 * root of ours exists, what the Go lifecycle committed there is the root: of a build for production, since it does not say; metadata
 * of it that is not JSON is a warning too.
 */
export async function openFolderCache(
  directory: string,
  ctx: Context,
  options: FolderCacheOptions = {},
): Promise<BuildCache> {
  const folder = await openCacheFolder(directory);
  const { execEnv, recordAgeMs } = options;
  const key = isForExecEnv(undefined, execEnv) ? KEY : `${KEY}@${encodeURIComponent(execEnv ?? '')}`;
  const root = await pinRoot(folder, key, ctx);
  if (root !== undefined) return new FolderCache(folder, key, { root, recordAgeMs });
  if (key !== KEY) return new FolderCache(folder, key, { root: EMPTY, recordAgeMs });
  const volume = openGoVolume(directory);
  const metadata = await unlessMalformed(folder, ctx, undefined, () => volume.readMetadata());
  return new FolderCache(folder, key, { root: { ...EMPTY, metadata }, volume, recordAgeMs });
}

const EMPTY: Root = { metadata: undefined, layers: new Map() };

interface Pinned {
  readonly root: Root;
  readonly volume?: GoVolume;
  readonly recordAgeMs: number | undefined;
}

class FolderCache implements BuildCache {
  readonly description: string;
  readonly metadata: unknown;
  readonly staging: BlobStaging;
  readonly #folder: CacheFolder;
  readonly #key: string;
  readonly #pinned: Root;
  readonly #volume: GoVolume | undefined;
  readonly #recordAgeMs: number | undefined;
  readonly #next: Map<DiffId, Descriptor> = new Map<DiffId, Descriptor>();
  #isCommitted = false;

  constructor(folder: CacheFolder, key: string, { root, volume, recordAgeMs }: Pinned) {
    this.description = `cache folder ${folder.directory}`;
    this.metadata = root.metadata;
    this.staging = folder.blobs;
    this.#folder = folder;
    this.#key = key;
    this.#pinned = root;
    this.#volume = volume;
    this.#recordAgeMs = recordAgeMs;
  }

  async find(diffId: DiffId, ctx: Context): Promise<Layer | undefined> {
    for (const layers of [this.#next, this.#pinned.layers]) {
      const descriptor = layers.get(diffId);
      const layer = descriptor === undefined ? undefined : await this.#folder.find(diffId, descriptor, ctx);
      if (layer !== undefined) return layer;
    }
    return await this.#volume?.find(diffId);
  }

  async add(layer: Layer, ctx: Context): Promise<void> {
    this.#assertOpen();
    this.#next.set(layer.diffId, await this.#folder.keep(layer, ctx));
  }

  async commit(metadataJson: string, ctx: Context): Promise<void> {
    this.#assertOpen();
    this.#isCommitted = true;
    await this.#folder.blobs.flush();
    await writeRoot(this.#folder.directory, this.#key, { metadataJson, layers: this.#next });
    await collect(this.#folder, ctx, this.#recordAgeMs === undefined ? {} : { recordAgeMs: this.#recordAgeMs });
  }

  [Symbol.asyncDispose](): Promise<void> {
    // Nothing is held: a build that ends without commit leaves blobs without a root, which collection removes.
    return Promise.resolve();
  }

  #assertOpen(): void {
    if (this.#isCommitted) throw new SlipwayError('WRITE_FAILED', 'cache cannot be modified after commit');
  }
}

function pinRoot(folder: CacheFolder, key: string, ctx: Context): Promise<Root | undefined> {
  return unlessMalformed(folder, ctx, EMPTY, async () => {
    const root = await readRoot(folder.directory, key);
    // Looking a layer up marks its blob as used, so that nobody collects it while this build runs.
    for (const [diffId, descriptor] of root?.layers ?? []) await folder.find(diffId, descriptor, ctx);
    return root;
  });
}

/** What the task reads of the folder, or, with a warning, what stands for what is malformed there. */
async function unlessMalformed<T, U>(
  folder: CacheFolder,
  ctx: Context,
  instead: U,
  task: () => Promise<T>,
): Promise<T | U> {
  try {
    return await task();
  } catch (error) {
    if (!hasCode(error, 'STORE_INVALID', 'IMAGE_INVALID')) throw error;
    ctx.emit({
      type: 'warning',
      code: 'CACHE_IGNORED',
      message: `the cache in ${folder.directory} is not used: ${error.message}`,
    });
    return instead;
  }
}
