import type { Context } from '../../core/context.ts';
import type { Digest } from '../../oci/digest.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { ImageSink } from '../../ports/store.ts';
import { putImage, type AssembledImage } from '../../store/copy.ts';
import { indexOver } from './package-module.ts';

export interface SavedImages {
  /** Of the only image, or of the index. */
  readonly digest: Digest;
  readonly images: readonly SavedImage[];
}

interface SavedImage {
  readonly platform: string;
  readonly digest: Digest;
  readonly layers: number;
  /** Files that hold this platform alone. */
  readonly files: readonly string[];
}

/** What goes into one sink. */
export interface SinkImages {
  readonly shown: string;
  readonly sink: ImageSink;
  readonly images: readonly AssembledImage[];
}

/** Puts into every sink its images, and an index when there are several, then commits them in order (decision 0012). */
export async function saveImages(
  images: readonly AssembledImage[],
  sinks: readonly SinkImages[],
  ctx: Context,
): Promise<SavedImages> {
  for (const { sink, images: own } of sinks) {
    const index = own.length > 1 ? indexOver(own) : undefined;
    for (const image of own) await putImage(image, sink, ctx, index === undefined ? {} : { names: [] });
    if (index === undefined) continue;
    await sink.putManifest(index, ctx);
    sink.tag(undefined, index.descriptor);
  }
  for (const { sink } of sinks) await sink.commit(ctx);
  const [first] = images;
  const top = images.length > 1 ? indexOver(images) : first?.manifest;
  if (top === undefined) throw new Error('there is no image to save');
  return {
    digest: top.descriptor.digest,
    images: images.map((image) => ({
      platform: formatPlatform(image.platform),
      digest: image.manifest.descriptor.digest,
      layers: image.layers.length,
      files:
        images.length === 1
          ? []
          : sinks.filter(({ images: own }) => own.length === 1 && own[0] === image).map(({ shown }) => shown),
    })),
  };
}
