import { streamOf } from '../core/bytes.ts';
import { sortedMap } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { goJson } from '../oci/go-json.ts';
import { encodeManifest } from '../oci/manifest.ts';
import { configMediaType, familyOf, manifestMediaType } from '../oci/media-types.ts';
import type { Blob, Layer } from '../ports/blob.ts';
import type { Image } from '../ports/image.ts';
import { isObject } from '../schema/reader.ts';
import type { AssembledImage } from '../store/copy.ts';
import { baseHistory, historyJson } from './history.ts';
import { familyWith, inFamily } from './in-family.ts';
import { orderRunConfig } from './run-config.ts';

/** An image and the base that it moves to, as plain data. */
export interface RebasePlan {
  readonly app: Image;
  readonly base: Image;
  /** How many of the app's bottom layers are those of the old base. */
  readonly oldBaseLayers: number;
  /** All labels of the result. */
  readonly labels: Readonly<Record<string, string>>;
  /** RFC 3339 in UTC: the image's and every history entry's. */
  readonly created: string;
  /** For the annotation `org.opencontainers.image.base.name`, where the app has one. */
  readonly baseName?: string | undefined;
}

/** Of the config, what says where an image runs: these come from the base. `container` is no build's result. */
const FROM_BASE = ['architecture', 'os', 'os.version', 'variant', 'os.features'];
const NAMED = ['author', 'created', 'docker_version', 'history', 'rootfs', 'config', 'container', ...FROM_BASE];
const BASE_NAME = 'org.opencontainers.image.base.name';
const BASE_DIGEST = 'org.opencontainers.image.base.digest';

/**
 * Manifest and config of the app on the other base (contract §17, GAP-9): platform, layers and history below the app come from the
 * base, everything else stays, media types too unless a layer is zstd (decision 0024). Layers keep their blobs and origins; nothing is packed.
 */
export function assembleRebased(plan: RebasePlan): AssembledImage {
  const { app, base } = plan;
  const kept = [...base.layers, ...app.layers.slice(plan.oldBaseLayers)];
  const own = familyOf(app.manifest.mediaType);
  const family = familyWith(own, kept);
  const layers = kept.map((layer) => inFamily(layer, family));
  const isMoved = family !== own;
  const config = configBlob(plan, layers, isMoved ? configMediaType(family) : app.manifest.config.mediaType);
  const { artifactType, subject } = app.manifest;
  const manifest = encodeManifest({
    mediaType: isMoved ? manifestMediaType(family) : app.manifest.mediaType,
    config: config.descriptor,
    layers: layers.map((layer) => layer.descriptor),
    annotations: annotationsOf(plan),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(subject === undefined ? {} : { subject }),
  });
  return { layers, config, manifest, platform: base.platform };
}

function configBlob(plan: RebasePlan, layers: readonly Layer[], mediaType: string): Blob {
  const { app, base, created } = plan;
  const { fields } = app.config;
  const platform = base.config.platform;
  const run = fields['config'];
  const history = [
    ...baseHistory(base.config.history, base.layers.length),
    ...baseHistory(app.config.history, app.layers.length).slice(plan.oldBaseLayers),
  ];
  const features = platform.osFeatures ?? [];
  const bytes = Buffer.from(
    goJson({
      architecture: platform.architecture,
      author: textOf(fields['author']),
      created,
      docker_version: textOf(fields['docker_version']),
      history: historyJson(history, created),
      os: platform.os,
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
      config: orderRunConfig({ ...(isObject(run) ? run : {}), Labels: sortedMap(plan.labels) }),
      'os.version': platform.osVersion,
      variant: platform.variant,
      'os.features': features.length === 0 ? undefined : features,
      ...Object.fromEntries(Object.entries(fields).filter(([key]) => !NAMED.includes(key))),
    }),
  );
  return {
    descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength },
    open: () => streamOf(bytes),
  };
}

/** The app's; what it says about its base is made true. */
function annotationsOf({ app, base, baseName }: RebasePlan): Readonly<Record<string, string>> {
  const { [BASE_NAME]: oldName, [BASE_DIGEST]: oldDigest, ...others } = app.manifest.annotations;
  return {
    ...others,
    ...(oldName === undefined || baseName === undefined ? {} : { [BASE_NAME]: baseName }),
    ...(oldDigest === undefined ? {} : { [BASE_DIGEST]: base.manifestDigest }),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
