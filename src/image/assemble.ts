import { streamOf } from '../core/bytes.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { encodeManifest } from '../oci/manifest.ts';
import {
  compressionOf,
  configMediaType,
  familyOf,
  layerMediaType,
  manifestMediaType,
  type MediaFamily,
} from '../oci/media-types.ts';
import type { Platform } from '../oci/platform.ts';
import type { Blob, Layer } from '../ports/blob.ts';
import type { AssembledImage } from '../store/copy.ts';
import { IMAGE_NAME, REF_NAME } from '../store/image-names.ts';
import { encodeConfig } from './encode-config.ts';
import { familyWith, inFamily } from './in-family.ts';
import type { BaseImage, ImageBase, ImagePlan } from './plan.ts';
import { isScratch } from './plan.ts';

/**
 * Manifest and config bytes of a plan (contract §15.1). Base layers keep descriptor and origins; every other layer gets a type of
 * the base's family (GAP-6), whatever it had where it came from. With a zstd layer the whole image becomes an OCI one (decision 0024).
 * The base's manifest annotations are kept but for names, which belong to an index (design §1.2).
 */
export function assemble(plan: ImagePlan): AssembledImage {
  const below = baseLayers(plan.base);
  const above = plan.layers.map(({ layer }) => layer);
  const own = mediaFamily(plan.base);
  const family = familyWith(own, [...below, ...above]);
  const base = family === own ? below : below.map((layer) => inFamily(layer, family));
  const layers = [...base, ...above.map((layer) => typedFor(layer, family))];
  const config = configBlob(plan, family);
  const manifest = encodeManifest({
    mediaType: manifestMediaType(family),
    config: config.descriptor,
    layers: layers.map((layer) => layer.descriptor),
    annotations: baseAnnotations(plan.base),
  });
  return { layers, config, manifest, platform: platformOf(plan.base) };
}

/** The family that new layers of an image over this base take. */
export function familyOfBase(base: BaseImage): MediaFamily {
  return isScratch(base) ? base.family : familyOf(base.manifest.mediaType);
}

function mediaFamily(base: ImageBase): MediaFamily {
  return base.kind === 'scratch' ? base.family : familyOf(base.image.manifest.mediaType);
}

function platformOf(base: ImageBase): Platform {
  return base.kind === 'scratch' ? base.platform : base.image.platform;
}

function baseLayers(base: ImageBase): readonly Layer[] {
  return base.kind === 'scratch' ? [] : base.image.layers;
}

const NAMES: readonly string[] = [REF_NAME, IMAGE_NAME];

function baseAnnotations(base: ImageBase): Readonly<Record<string, string>> {
  if (base.kind === 'scratch') return {};
  return Object.fromEntries(Object.entries(base.image.manifest.annotations).filter(([key]) => !NAMES.includes(key)));
}

function typedFor(layer: Layer, family: MediaFamily): Layer {
  const { mediaType, digest, size } = layer.descriptor;
  const descriptor: Descriptor = {
    mediaType: layerMediaType(family, compressionOf(mediaType) ?? 'gzip'),
    digest,
    size,
  };
  return { ...layer, descriptor };
}

function configBlob(plan: ImagePlan, family: MediaFamily): Blob {
  const bytes = encodeConfig(plan);
  return {
    descriptor: { mediaType: configMediaType(family), digest: digestOf(bytes), size: bytes.byteLength },
    open: () => streamOf(bytes),
  };
}
