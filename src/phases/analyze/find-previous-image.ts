import { isForExecEnv } from '../../cnb/exec-env.ts';
import { decodeLifecycleMetadata, EXEC_ENV_LABEL, LIFECYCLE_METADATA_LABEL } from '../../cnb/labels.ts';
import { EMPTY_LIFECYCLE_METADATA, type LifecycleMetadata } from '../../cnb/layer-metadata.ts';
import type { Context } from '../../core/context.ts';
import { hasCode, retold, SlipwayError } from '../../core/errors.ts';
import { displayLocation, type Location } from '../../oci/location.ts';
import { formatPlatform, type Platform } from '../../oci/platform.ts';
import type { Layer } from '../../ports/blob.ts';
import type { Image } from '../../ports/image.ts';
import { eachBounded } from '../../store/bounded.ts';
import type { AnalyzePorts } from '../analyze.ts';

export interface PreviousImageSearch {
  readonly location: Location;
  /** As given, for messages. */
  readonly name: string;
  /** The run image's: layers of another platform are of no use. */
  readonly platform: Platform;
  /** Layers of another execution environment are of no use either (GAP-24); undefined: it does not matter. */
  readonly execEnv?: string | undefined;
  /** How log lines write a pinned image; default `displayLocation`. */
  readonly show?: ((pinned: Location) => string) | undefined;
}

export interface PreviousImage {
  readonly image: Image;
  readonly metadata: LifecycleMetadata;
}

/**
 * The image whose layers may be reused, and its metadata (contract §9.4): undefined when it is absent, corrupt, of another platform or
 * execution environment, or its metadata cannot be read; each is an info line. An image that only lacks the label is there, with empty metadata. A layer
 * whose blob is gone counts as there when the launch cache has it. Throws when the store refuses to answer.
 */
export async function findPreviousImage(
  search: PreviousImageSearch,
  ports: AnalyzePorts,
  ctx: Context,
): Promise<PreviousImage | undefined> {
  const image = await open(search, ports, ctx);
  if (image === undefined) return undefined;
  if (!(await isWhole(image, ports, ctx))) {
    info(ctx, `Ignoring image "${search.name}" because it was corrupt`);
    return undefined;
  }
  const { show = displayLocation, execEnv } = search;
  const recorded = image.config.labels[EXEC_ENV_LABEL];
  if (!isForExecEnv(recorded, execEnv)) {
    const names = `${recorded ?? 'production'}, not ${execEnv ?? ''}`;
    info(ctx, `Ignoring image "${search.name}" because it is for the execution environment ${names}`);
    return undefined;
  }
  ctx.emit({ type: 'log', level: 'debug', message: `Found image with identifier "${show(image.pinned)}"` });
  const label = image.config.labels[LIFECYCLE_METADATA_LABEL];
  const metadata = label === undefined || label === '' ? EMPTY_LIFECYCLE_METADATA : decodeLifecycleMetadata(label);
  return metadata === undefined ? undefined : { image, metadata };
}

const CORRUPT = [
  'IMAGE_INVALID',
  'IMAGE_NO_LAYERS',
  'CONTENT_MISMATCH',
  'BLOB_NOT_FOUND',
  'MEDIA_TYPE_UNSUPPORTED',
  'STORE_INVALID',
  'ARCHIVE_INVALID',
] as const;

async function open(search: PreviousImageSearch, ports: AnalyzePorts, ctx: Context): Promise<Image | undefined> {
  const { location, name, platform } = search;
  try {
    return await ports.images.find(location, 'previous image', ctx, { target: platform });
  } catch (error) {
    if (hasCode(error, 'IMAGE_NOT_FOUND', 'IMAGE_AMBIGUOUS')) {
      info(ctx, `Image with name "${name}" not found`);
    } else if (hasCode(error, 'PLATFORM_NOT_FOUND')) {
      info(ctx, `Ignoring image "${name}" because it is not for ${formatPlatform(platform)}`);
    } else if (hasCode(error, ...CORRUPT)) {
      info(ctx, `Ignoring image "${name}" because it was corrupt`);
    } else if (error instanceof SlipwayError && !ctx.signal.aborted) {
      const words =
        'failed to initialize analyzer: validating registry read access: failed to ensure registry read access';
      throw retold(error, { message: `${words} to ${name}: ${error.message}`, exit: 32 });
    } else {
      throw error;
    }
    return undefined;
  }
}

/** Whether every layer can be had. */
async function isWhole(image: Image, ports: AnalyzePorts, ctx: Context): Promise<boolean> {
  const missing: Layer[] = [];
  await eachBounded(image.layers, 8, ctx, async (layer, inner) => {
    const isThere =
      (await image.source.has(layer.descriptor, inner)) ||
      (await ports.launchCache?.find(layer.diffId, inner)) !== undefined;
    if (!isThere) missing.push(layer);
  });
  return missing.length === 0;
}

function info(ctx: Context, message: string): void {
  ctx.emit({ type: 'log', level: 'info', message });
}
