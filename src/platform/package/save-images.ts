import type { Context } from '../../core/context.ts';
import type { Digest } from '../../oci/digest.ts';
import { formatPlatform } from '../../oci/platform.ts';
import type { ExportSink } from '../../phases/export.ts';
import { putImage, type AssembledImage } from '../../store/copy.ts';
import { indexOver } from './package-module.ts';

export interface SavedImages {
  /** Of the only image, or of the index. */
  readonly digest: Digest;
  readonly images: readonly { readonly platform: string; readonly digest: Digest; readonly layers: number }[];
}

/** Puts the images, and an index when there are several, into every sink, then commits them in order (decision 0012). */
export async function saveImages(
  images: readonly AssembledImage[],
  sinks: readonly ExportSink[],
  ctx: Context,
): Promise<SavedImages> {
  const index = images.length > 1 ? indexOver(images) : undefined;
  for (const { sink } of sinks) {
    for (const image of images) await putImage(image, sink, ctx, index === undefined ? {} : { names: [] });
    if (index === undefined) continue;
    await sink.putManifest(index, ctx);
    sink.tag(undefined, index.descriptor);
  }
  for (const { sink } of sinks) await sink.commit(ctx);
  const [first] = images;
  const top = index ?? first?.manifest;
  if (top === undefined) throw new Error('there is no image to save');
  return {
    digest: top.descriptor.digest,
    images: images.map(({ manifest, platform, layers }) => ({
      platform: formatPlatform(platform),
      digest: manifest.descriptor.digest,
      layers: layers.length,
    })),
  };
}
