import type { ObjectReader } from '../schema/reader.ts';
import { isDigest, parseDigest, type Digest } from './digest.ts';
import { compareBytes } from './go-json.ts';
import { readPlatform, type Platform } from './platform.ts';

/** A typed pointer to bytes (image-spec, descriptor.md). `size` in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  /** Base64 of the content itself. */
  readonly data?: string;
  readonly urls?: readonly string[];
}

const NO_DIGEST = parseDigest(`sha256:${'0'.repeat(64)}`);

/** Reads one descriptor; what is wrong goes to the reader's issues. */
export function readDescriptor(reader: ObjectReader): Descriptor {
  const digest = reader.string('digest');
  if (digest !== '' && !isDigest(digest)) reader.issue('digest', `"${digest.slice(0, 80)}" is not a digest`);
  const size = reader.safeInteger('size');
  if (size < 0) reader.issue('size', 'is negative');
  const annotations = reader.optionalStringMap('annotations');
  const artifactType = reader.optionalString('artifactType');
  const data = reader.optionalString('data');
  const urls = reader.optionalStrings('urls');
  return {
    mediaType: reader.optionalString('mediaType') ?? '',
    digest: isDigest(digest) ? digest : NO_DIGEST,
    size,
    ...(reader.has('platform') ? { platform: readPlatform(reader.object('platform')) } : {}),
    ...(annotations === undefined ? {} : { annotations }),
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(data === undefined ? {} : { data }),
    ...(urls === undefined ? {} : { urls }),
  };
}

/** A descriptor as JSON data, keys in Go's order (`mediaType, size, digest, …`; contract §15.1). */
export function descriptorToJson(descriptor: Descriptor): Record<string, unknown> {
  const { platform } = descriptor;
  return {
    mediaType: descriptor.mediaType,
    size: descriptor.size,
    digest: descriptor.digest,
    ...(descriptor.data === undefined ? {} : { data: descriptor.data }),
    ...(descriptor.urls === undefined ? {} : { urls: descriptor.urls }),
    ...(descriptor.annotations === undefined ? {} : { annotations: sortedMap(descriptor.annotations) }),
    ...(platform === undefined
      ? {}
      : {
          platform: {
            architecture: platform.architecture,
            os: platform.os,
            ...(platform.osVersion === undefined ? {} : { 'os.version': platform.osVersion }),
            ...(platform.osFeatures === undefined ? {} : { 'os.features': platform.osFeatures }),
            ...(platform.variant === undefined ? {} : { variant: platform.variant }),
          },
        }),
    ...(descriptor.artifactType === undefined ? {} : { artifactType: descriptor.artifactType }),
  };
}

/** The same entries as a `Map`, keys in byte order. */
export function sortedMap(map: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(map).sort(([a], [b]) => compareBytes(a, b)));
}
