import { isForExecEnv } from '../cnb/exec-env.ts';
import { CACHE_METADATA_LABEL, EXEC_ENV_LABEL } from '../cnb/labels.ts';
import type { Context } from '../core/context.ts';
import { hasCode, messageOf, retold, SlipwayError } from '../core/errors.ts';
import { assemble } from '../image/assemble.ts';
import { DEFAULT_COMPRESSION } from '../layer/compression.ts';
import { packLayer } from '../layer/pack.ts';
import type { DiffId } from '../oci/digest.ts';
import type { Location } from '../oci/location.ts';
import { parseJson } from '../oci/manifest.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';
import type { Layer } from '../ports/blob.ts';
import type { ImageFinder } from '../ports/image-finder.ts';
import type { Image } from '../ports/image.ts';
import type { BuildCache } from '../ports/layer-cache.ts';
import type { BlobStaging, ImageSink } from '../ports/store.ts';
import { BlobDirectory } from '../store/blob-directory.ts';
import { putImage } from '../store/copy.ts';

/** Where a cache image is, and how it is reached. */
export interface CacheImage {
  readonly location: Location;
  /** As the user wrote it. */
  readonly name: string;
  readonly images: Pick<ImageFinder, 'find'>;
  readonly openSink: (ctx: Context) => Promise<ImageSink>;
}

export interface ImageCacheOptions {
  /** Of the image that is built: what is stored for another one is ignored. Undefined: nothing is known yet, anything is read. */
  readonly platform: Platform | undefined;
  /** Undefined where the Platform API knows none. */
  readonly execEnv: string | undefined;
}

/** Config `created` and history dates (contract §10.4). */
const CREATED = '1980-01-01T00:00:01Z';

/**
 * A build cache that is an image at any location (contract §10.4): the metadata is a label, each layer one of its layers. What cannot
 * be read is a `CACHE_IGNORED` warning and an empty cache, never an error; layers are verified when they are read. The next image is
 * made and written by `commit`, for the platform of the build (GAP-26), each layer once (GAP-36).
 */
export async function openImageCache(at: CacheImage, ctx: Context, options: ImageCacheOptions): Promise<BuildCache> {
  const found = await findImage(at, ctx);
  const image = found === undefined || isOfUse(found, at, ctx, options) ? found : undefined;
  return new ImageCache(at, options, {
    image,
    isMissing: found === undefined,
    metadata: image === undefined ? undefined : readMetadata(image, at, ctx),
    staging: new BlobDirectory(ctx.tmp, { isTransient: true }),
  });
}

interface Pinned {
  readonly image: Image | undefined;
  readonly isMissing: boolean;
  readonly metadata: unknown;
  readonly staging: BlobStaging;
}

class ImageCache implements BuildCache {
  readonly description: string;
  readonly metadata: unknown;
  readonly isMissing: boolean;
  /** New layers wait among the temporary files: a build that does not commit leaves nothing. */
  readonly staging: BlobStaging;
  readonly #at: CacheImage;
  readonly #options: ImageCacheOptions;
  readonly #image: Image | undefined;
  readonly #next: Map<DiffId, Layer> = new Map<DiffId, Layer>();
  #isCommitted = false;

  constructor(at: CacheImage, options: ImageCacheOptions, pinned: Pinned) {
    this.description = `cache image ${at.name}`;
    this.metadata = pinned.metadata;
    this.isMissing = pinned.isMissing;
    this.staging = pinned.staging;
    this.#at = at;
    this.#options = options;
    this.#image = pinned.image;
  }

  async find(diffId: DiffId, ctx: Context): Promise<Layer | undefined> {
    const added = this.#next.get(diffId);
    if (added !== undefined) return added;
    const layer = this.#image?.layers.find((candidate) => candidate.diffId === diffId);
    if (layer === undefined || this.#image === undefined) return undefined;
    return (await this.#image.source.has(layer.descriptor, ctx)) ? layer : undefined;
  }

  add(layer: Layer): Promise<void> {
    this.#assertOpen();
    this.#next.set(layer.diffId, layer);
    return Promise.resolve();
  }

  async commit(metadataJson: string, ctx: Context): Promise<void> {
    this.#assertOpen();
    this.#isCommitted = true;
    const { platform, execEnv } = this.#options;
    const layers = this.#next.size > 0 ? [...this.#next.values()] : [await placeholder(this.staging, ctx)];
    const labels = [{ key: CACHE_METADATA_LABEL, value: metadataJson }];
    const image = assemble({
      base: { kind: 'scratch', platform: configPlatform(platform), family: 'oci' },
      layers: layers.map((layer) => ({ layer, createdBy: '' })),
      labels: isForExecEnv(undefined, execEnv) ? labels : [...labels, { key: EXEC_ENV_LABEL, value: execEnv ?? '' }],
      env: [],
      prependPath: [],
      workingDir: '',
      entrypoint: [],
      cmd: undefined,
      created: CREATED,
    });
    try {
      await using sink = await this.#at.openSink(ctx);
      await putImage(image, sink, ctx);
      await sink.commit(ctx);
    } catch (error) {
      // Not replaced: the names of other images were in there too.
      if (!hasCode(error, 'STORE_INVALID')) throw error;
      const message = `${error.message}; there is no cache until that is mended or removed, or another cache image is named`;
      throw retold(error, { message });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #assertOpen(): void {
    if (this.#isCommitted) throw new SlipwayError('WRITE_FAILED', 'cache cannot be modified after commit');
  }
}

async function findImage(at: CacheImage, ctx: Context): Promise<Image | undefined> {
  try {
    return await at.images.find(at.location, 'cache image', ctx, { allowEmpty: true });
  } catch (error) {
    if (!(error instanceof SlipwayError) || ctx.signal.aborted) throw error;
    if (!hasCode(error, 'IMAGE_NOT_FOUND')) warn(at, messageOf(error), ctx);
    return undefined;
  }
}

/** Whether layers of the image serve this build; what an image without architecture holds is taken, as the Go lifecycle takes it. */
function isOfUse(image: Image, at: CacheImage, ctx: Context, options: ImageCacheOptions): boolean {
  const { platform, config } = image;
  const wanted = options.platform;
  const isSame = platform.os === wanted?.os && platform.architecture === wanted.architecture;
  if (wanted !== undefined && platform.architecture !== '' && !isSame) {
    warn(at, `it is for ${formatPlatform(platform)}, not for ${formatPlatform(wanted)}`, ctx);
    return false;
  }
  const recorded = config.labels[EXEC_ENV_LABEL];
  if (isForExecEnv(recorded, options.execEnv)) return true;
  warn(at, `it is for the execution environment ${recorded ?? 'production'}, not ${options.execEnv ?? ''}`, ctx);
  return false;
}

/** The label's JSON data. */
function readMetadata(image: Image, at: CacheImage, ctx: Context): unknown {
  const label = image.config.labels[CACHE_METADATA_LABEL];
  try {
    if (label === undefined) throw new SlipwayError('IMAGE_INVALID', `it has no label ${CACHE_METADATA_LABEL}`);
    return parseJson(Buffer.from(label), `its label ${CACHE_METADATA_LABEL}`);
  } catch (error) {
    if (!hasCode(error, 'IMAGE_INVALID')) throw error;
    warn(at, error.message, ctx);
    return undefined;
  }
}

function configPlatform(platform: Platform | undefined): Platform {
  if (platform === undefined) return { os: 'linux', architecture: '' };
  const { os, architecture, variant } = platform;
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** An empty tar: some registries refuse an image without layers. */
async function placeholder(staging: BlobStaging, ctx: Context): Promise<Layer> {
  const empty = { kind: 'entries', entries: [] } as const;
  const { layers } = await packLayer(empty, staging, ctx, { compressions: [DEFAULT_COMPRESSION], family: 'oci' });
  return layers[0];
}

function warn(at: CacheImage, why: string, ctx: Context): void {
  const message = `the cache image ${at.name} is not used: ${why}`;
  ctx.emit({ type: 'warning', code: 'CACHE_IGNORED', message });
}
