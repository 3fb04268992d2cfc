import { setMaxListeners } from 'node:events';
import type { Context } from '../core/context.ts';
import { createLimiter } from '../core/limiter.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { Platform } from '../oci/platform.ts';
import type { Blob, Layer } from '../ports/blob.ts';
import type { ImageSink } from '../ports/store.ts';
import { blaming, writingTo } from './blame.ts';
import { putBlob, putLayer } from './put-blob.ts';

/** An image made here: base layers come from where they lie, the rest from local blobs. */
export interface AssembledImage {
  readonly layers: readonly Layer[];
  readonly config: Blob;
  readonly manifest: RawManifest;
  readonly platform: Platform;
}

export interface PutImageOptions {
  /** undefined = the sink's own name. Default `[undefined]`. */
  readonly names?: readonly (string | undefined)[];
}

/** An image on its way to one sink, whose layers go there while others are still being made. */
export interface ImageFeed {
  /** Sends a layer as soon as there is a free place; the same one again does nothing. What fails is thrown by `finish`. */
  readonly add: (layer: Layer) => void;
  /** Sends what was not added, waits for all layers, then puts config, manifest and names; the caller commits the sink. */
  readonly finish: (image: AssembledImage, options?: PutImageOptions) => Promise<void>;
  /** Ends what is under way and waits for that; never throws. For an image that comes to nothing. */
  readonly stop: (reason: unknown) => Promise<void>;
}

/**
 * Layers go `ctx.limiter.limit` at once, in the order in which they were added. The first failure ends the others; `finish` throws it
 * when nothing is under way any more.
 */
export function openImageFeed(sink: ImageSink, ctx: Context): ImageFeed {
  const controller = new AbortController();
  const inner: Context = { ...ctx, signal: AbortSignal.any([ctx.signal, controller.signal]) };
  // Every layer in flight listens more than once: no sign of a leak.
  setMaxListeners(0, inner.signal);
  const { run } = createLimiter(ctx.limiter.limit);
  const puts = new Map<Digest, Promise<void>>();
  const failures: { readonly error: unknown }[] = [];

  const put = async (layer: Layer): Promise<void> => {
    try {
      await run(async () => {
        inner.signal.throwIfAborted();
        await putLayer(layer, sink, inner);
      });
    } catch (error) {
      failures.push({ error });
      controller.abort(error);
    }
  };
  const add = (layer: Layer): void => {
    const { digest } = layer.descriptor;
    if (!puts.has(digest)) puts.set(digest, put(layer));
  };
  return {
    add,
    finish: async (image, options = {}) => {
      for (const layer of image.layers) add(layer);
      await Promise.all(puts.values());
      if (failures[0] !== undefined) throw failures[0].error;
      // Layers go before the config, the config before the manifest: a registry may reject dangling references.
      await putBlob(image.config, { sink, origins: [], from: {} }, ctx);
      await blaming(writingTo(sink), ctx, () => sink.putManifest(image.manifest, ctx));
      for (const name of options.names ?? [undefined])
        sink.tag(name, { ...image.manifest.descriptor, platform: image.platform });
    },
    stop: async (reason) => {
      controller.abort(reason);
      await Promise.all(puts.values());
    },
  };
}
