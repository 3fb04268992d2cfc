import { streamOf } from '../../src/core/bytes.ts';
import type { Context } from '../../src/core/context.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { encodeManifest } from '../../src/oci/manifest.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { Blob, Layer } from '../../src/ports/blob.ts';
import type { Image } from '../../src/ports/image.ts';
import { putImage } from '../../src/store/copy.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { selectImage } from '../../src/store/select.ts';

/** An image of these layers, put into a layout under the name `test` and read back from there. */
export async function imageInLayout(layout: string, layers: readonly Layer[], ctx: Context): Promise<Image> {
  const bytes = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
      history: layers.map(() => ({ created: '1980-01-01T00:00:01Z' })),
    }),
  );
  const config: Blob = {
    descriptor: { mediaType: OCI_CONFIG, digest: digestOf(bytes), size: bytes.length },
    open: () => streamOf(bytes),
  };
  const manifest = encodeManifest({
    mediaType: OCI_MANIFEST,
    config: config.descriptor,
    layers: layers.map((layer) => layer.descriptor),
    annotations: {},
  });
  await using sink = await openLayoutSink(layout, 'test', ctx);
  await putImage({ layers, config, manifest, platform: { os: 'linux', architecture: 'amd64' } }, sink, ctx);
  await sink.commit(ctx);
  return await readTestImage(layout, ctx);
}

/** The image that `imageInLayout` put there. */
export function readTestImage(layout: string, ctx: Context): Promise<Image> {
  const options = { role: 'build image', hostArchitecture: 'amd64' } as const;
  return selectImage(openLayout(layout), parseLocation(`oci:${layout}:test`), ctx, options);
}
