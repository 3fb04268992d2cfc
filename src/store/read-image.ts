import { collect } from '../core/bytes.ts';
import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest, DiffId } from '../oci/digest.ts';
import { decodeImageConfig, type ImageConfig } from '../oci/image-config.ts';
import { locationAtDigest, type Location } from '../oci/location.ts';
import type { Manifest, RawManifest } from '../oci/manifest.ts';
import { DOCKER_CONFIG, OCI_CONFIG } from '../oci/media-types.ts';
import type { Layer } from '../ports/blob.ts';
import type { Image } from '../ports/image.ts';
import type { ImageSource } from '../ports/store.ts';
import { verifyStream } from '../oci/verify-stream.ts';

/** Larger configs than anyone's; one label alone may be megabytes. */
export const MAX_CONFIG_BYTES: number = 32 * 1024 * 1024;
/** Types that say "there is no config here": an artifact, not an image. */
const NO_CONFIG = 'application/vnd.oci.empty.v1+json';

export interface ImageParts {
  readonly source: ImageSource;
  readonly requested: Location;
  readonly raw: RawManifest;
  readonly manifest: Manifest;
  readonly indexDigest?: Digest;
  /** For messages: role and name. */
  readonly subject: string;
}

export interface ReadImageOptions {
  /** Accept an image without layers. */
  readonly allowEmpty?: boolean;
  /** Accept a config without architecture: cache images of the Go lifecycle have none (contract GAP-26). */
  readonly allowAnyArchitecture?: boolean;
}

/**
 * The image of one manifest: config verified, one diffID per layer. Throws `IMAGE_INVALID`, `IMAGE_NO_LAYERS`,
 * `MEDIA_TYPE_UNSUPPORTED` (an artifact), `CONTENT_MISMATCH`, `BLOB_NOT_FOUND`.
 */
export async function readImage(parts: ImageParts, ctx: Context, options: ReadImageOptions = {}): Promise<Image> {
  const { source, manifest, subject, raw } = parts;
  if (isArtifact(manifest)) {
    throw new SlipwayError('MEDIA_TYPE_UNSUPPORTED', `${subject} is not an image but an artifact`, {
      details: { manifest: raw.descriptor.digest, type: manifest.artifactType ?? manifest.config.mediaType },
    });
  }
  const { config, rawConfig } = await readConfig(source, manifest.config, subject, ctx);
  checkPlatform(config, parts, options);
  const { layers } = manifest;
  if (layers.length !== config.diffIds.length) {
    throw new SlipwayError(
      'IMAGE_INVALID',
      `${subject} has ${count(layers.length)} but ${String(config.diffIds.length)} diffIDs in its config`,
      {
        details: { manifest: raw.descriptor.digest, config: manifest.config.digest },
      },
    );
  }
  if (layers.length === 0 && options.allowEmpty !== true) {
    throw new SlipwayError('IMAGE_NO_LAYERS', `${subject} has no layers`, {
      details: { manifest: raw.descriptor.digest },
      hint: 'it is an empty image; if a base without layers is meant, say scratch',
    });
  }
  return {
    requested: parts.requested,
    pinned: locationAtDigest(parts.requested, raw.descriptor.digest),
    ...(parts.indexDigest === undefined ? {} : { indexDigest: parts.indexDigest }),
    manifestDigest: raw.descriptor.digest,
    manifest,
    rawManifest: raw,
    config,
    rawConfig,
    platform: config.platform,
    layers: config.diffIds.flatMap((diffId, at) => layerOf(source, layers[at], diffId, ctx)),
    source,
  };
}

export interface ReadConfig {
  readonly config: ImageConfig;
  readonly rawConfig: Uint8Array;
}

/** An image config, verified against its descriptor. */
export async function readConfig(
  source: ImageSource,
  descriptor: Descriptor,
  subject: string,
  ctx: Context,
): Promise<ReadConfig> {
  const name = `config of ${subject}`;
  if (descriptor.size > MAX_CONFIG_BYTES)
    throw new SlipwayError('IMAGE_INVALID', `${name} is larger than ${String(MAX_CONFIG_BYTES)} bytes`);
  const bytes = verifyStream(source.open(descriptor, ctx), descriptor, name);
  const rawConfig = await collect(bytes, MAX_CONFIG_BYTES, name);
  return { rawConfig, config: decodeImageConfig(rawConfig, name) };
}

function checkPlatform(config: ImageConfig, parts: ImageParts, options: ReadImageOptions): void {
  const missing = config.platform.os === '' ? 'OS' : config.platform.architecture === '' ? 'architecture' : undefined;
  if (missing === undefined || (missing === 'architecture' && options.allowAnyArchitecture === true)) return;
  throw new SlipwayError('IMAGE_INVALID', `failed to find ${missing} in the config of ${parts.subject}`, {
    details: {
      missing: missing.toLowerCase(),
      config: parts.manifest.config.digest,
      'config type': parts.manifest.config.mediaType,
    },
  });
}

function isArtifact(manifest: Manifest): boolean {
  if (manifest.config.mediaType === NO_CONFIG) return true;
  const { artifactType } = manifest;
  return (
    artifactType !== undefined && artifactType !== '' && artifactType !== OCI_CONFIG && artifactType !== DOCKER_CONFIG
  );
}

function layerOf(
  source: ImageSource,
  descriptor: Descriptor | undefined,
  diffId: DiffId,
  ctx: Context,
): readonly Layer[] {
  if (descriptor === undefined) return [];
  const open = (signal?: AbortSignal): AsyncIterable<Uint8Array> =>
    source.open(descriptor, signal === undefined ? ctx : { ...ctx, signal });
  return [{ descriptor, diffId, origins: source.origin === undefined ? [] : [source.origin], open }];
}

function count(layers: number): string {
  return layers === 1 ? '1 layer' : `${String(layers)} layers`;
}
