import { gzipSync } from 'node:zlib';
import { streamOf } from '../../src/core/bytes.ts';
import type { Context } from '../../src/core/context.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestOf, parseDiffId } from '../../src/oci/digest.ts';
import { goJson } from '../../src/oci/go-json.ts';
import { encodeIndex, encodeManifest, type RawManifest } from '../../src/oci/manifest.ts';
import {
  configMediaType,
  layerMediaType,
  manifestMediaType,
  OCI_INDEX,
  type MediaFamily,
} from '../../src/oci/media-types.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import type { Blob, Layer } from '../../src/ports/blob.ts';
import type { ImageSink } from '../../src/ports/store.ts';
import type { AssembledImage } from '../../src/store/copy.ts';
import { encodeHeader, END_OF_ARCHIVE } from '../../src/tar/header.ts';

export interface ImageOptions {
  /** One file a layer, with this text. Default one layer. */
  readonly layers?: readonly string[];
  readonly family?: MediaFamily;
  readonly compression?: 'gzip' | 'none';
  /** Config keys over the made ones; undefined removes one. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A whole image of small layers, each a tar of one file. */
export function imageOf(platformText: string, options: ImageOptions = {}): AssembledImage {
  const platform = parsePlatform(platformText);
  const { family = 'oci', compression = 'gzip' } = options;
  const layers = (options.layers ?? [`layer of ${platformText}`]).map((text) => layerOf(text, family, compression));
  const fields: Record<string, unknown> = {
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    config: { Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    ...options.config,
  };
  const config = blobOf(Buffer.from(goJson(fields)), configMediaType(family));
  const manifest = encodeManifest({
    mediaType: manifestMediaType(family),
    config: config.descriptor,
    layers: layers.map((layer) => layer.descriptor),
    annotations: {},
  });
  return { layers, config, manifest, platform };
}

export function layerOf(text: string, family: MediaFamily = 'oci', compression: 'gzip' | 'none' = 'gzip'): Layer {
  const tar = tarOf({ [`file-${text.replaceAll(/[^a-z0-9]+/g, '-')}`]: Buffer.from(text) });
  const bytes = compression === 'gzip' ? gzipSync(tar) : tar;
  const blob = blobOf(bytes, layerMediaType(family, compression));
  return { ...blob, diffId: parseDiffId(digestOf(tar)), origins: [] };
}

/** A tar of files in the order given. */
export function tarOf(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const parts = Object.entries(files).flatMap(([name, bytes]) => [
    encodeHeader({
      name: Buffer.from(name),
      type: 'file',
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: bytes.byteLength,
      linkname: new Uint8Array(0),
    }),
    bytes,
    new Uint8Array((512 - (bytes.byteLength % 512)) % 512),
  ]);
  return Buffer.concat([...parts, END_OF_ARCHIVE]);
}

export function blobOf(bytes: Uint8Array, mediaType: string): Blob {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength }, open: () => streamOf(bytes) };
}

/** An index of descriptors as they are. */
export function indexOf(manifests: readonly Descriptor[]): RawManifest {
  return encodeIndex({ mediaType: OCI_INDEX, manifests, annotations: {} });
}

/** The index entry of an image, with its platform. */
export function entryOf(image: AssembledImage): Descriptor {
  return { ...image.manifest.descriptor, platform: image.platform };
}

/** The index entry of an image, without platform. */
export function bareEntryOf(image: AssembledImage): Descriptor {
  return image.manifest.descriptor;
}

/** Puts images' blobs and manifests, then further manifests, and names the last. Does not commit. */
export async function fill(
  sink: ImageSink,
  images: readonly AssembledImage[],
  ctx: Context,
  top: readonly RawManifest[] = [],
): Promise<void> {
  for (const image of images) {
    for (const blob of [...image.layers, image.config]) await sink.put(blob, ctx);
    await sink.putManifest(image.manifest, ctx);
  }
  for (const manifest of top) await sink.putManifest(manifest, ctx);
  const last = top.at(-1) ?? images.at(-1)?.manifest;
  if (last !== undefined) sink.tag(undefined, last.descriptor);
}
