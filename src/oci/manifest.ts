import { SlipwayError } from '../core/errors.ts';
import { utf8 } from '../core/bytes.ts';
import { describeIssues, ObjectReader } from '../schema/reader.ts';
import { descriptorToJson, readDescriptor, sortedMap, type Descriptor } from './descriptor.ts';
import { digestOf } from './digest.ts';
import { goJson } from './go-json.ts';
import { isIndexType, isManifestType, OCI_INDEX, OCI_MANIFEST } from './media-types.ts';

/** Largest manifest or index that is read, in bytes (distribution-spec asks registries for 4 MiB). */
export const MAX_MANIFEST_BYTES: number = 4 * 1024 * 1024;

/** A manifest or index as received: its bytes are never re-serialised. */
export interface RawManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** An image manifest (image-spec, manifest.md; Docker v2 schema 2). */
export interface Manifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly subject?: Descriptor;
}

/** An image index (image-spec, image-index.md; Docker manifest list). */
export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType?: string;
  readonly subject?: Descriptor;
}

/**
 * Decodes the bytes of a manifest or index. The type is taken from the body, else from `descriptor`, else from the body's shape.
 * Throws `IMAGE_INVALID` (broken JSON or fields) or `MEDIA_TYPE_UNSUPPORTED` (schema 1 and others), naming `subject`.
 */
export function decodeManifest(raw: RawManifest, subject: string): Manifest | ImageIndex {
  const value = parseJson(raw.bytes, subject);
  const reader = new ObjectReader(value);
  const mediaType = pickMediaType(reader, raw.descriptor.mediaType);
  const decoded = isIndexType(mediaType)
    ? readIndex(reader, mediaType)
    : isManifestType(mediaType)
      ? readManifest(reader, mediaType)
      : undefined;
  if (decoded === undefined) {
    throw new SlipwayError('MEDIA_TYPE_UNSUPPORTED', `${subject} has the media type ${mediaType}`, {
      hint:
        mediaType.includes('prettyjws') || reader.raw('schemaVersion') === 1
          ? 'this is the old schema 1 format: pull and push the image with a current tool'
          : 'an image manifest or index was expected',
    });
  }
  if (reader.issues.length > 0)
    throw new SlipwayError('IMAGE_INVALID', `${subject} is malformed: ${describeIssues(reader.issues)}`);
  return decoded;
}

/** JSON bytes → data. Throws `IMAGE_INVALID` naming `subject`. */
export function parseJson(bytes: Uint8Array, subject: string): unknown {
  const text = utf8(bytes);
  try {
    if (text === undefined) throw new SyntaxError('it is not UTF-8 text');
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SlipwayError('IMAGE_INVALID', `${subject} is not JSON: ${error.message}`, { cause: error });
  }
}

/** A new manifest as raw bytes, compact, keys in Go's order (contract §15.1). */
export function encodeManifest(manifest: Omit<Manifest, 'kind'>): RawManifest {
  const annotations = Object.keys(manifest.annotations).length === 0 ? undefined : sortedMap(manifest.annotations);
  return rawManifest(manifest.mediaType, {
    schemaVersion: 2,
    mediaType: manifest.mediaType,
    artifactType: manifest.artifactType,
    config: descriptorToJson(manifest.config),
    layers: manifest.layers.map(descriptorToJson),
    subject: manifest.subject === undefined ? undefined : descriptorToJson(manifest.subject),
    annotations,
  });
}

/** A new index as raw bytes. */
export function encodeIndex(index: Omit<ImageIndex, 'kind'>): RawManifest {
  const annotations = Object.keys(index.annotations).length === 0 ? undefined : sortedMap(index.annotations);
  return rawManifest(index.mediaType, {
    schemaVersion: 2,
    mediaType: index.mediaType,
    artifactType: index.artifactType,
    manifests: index.manifests.map(descriptorToJson),
    subject: index.subject === undefined ? undefined : descriptorToJson(index.subject),
    annotations,
  });
}

function rawManifest(mediaType: string, value: unknown): RawManifest {
  const bytes = Buffer.from(goJson(value));
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength } };
}

function pickMediaType(reader: ObjectReader, outer: string): string {
  const own = reader.optionalString('mediaType');
  if (own !== undefined && own !== '') return own;
  if (reader.has('manifests')) return isIndexType(outer) ? outer : OCI_INDEX;
  if (reader.has('config') && reader.has('layers')) return isManifestType(outer) ? outer : OCI_MANIFEST;
  return outer === '' ? 'unknown' : outer;
}

function readManifest(reader: ObjectReader, mediaType: string): Manifest {
  if (!reader.has('config')) reader.issue('config', 'is missing');
  return {
    kind: 'manifest',
    mediaType,
    config: reader.has('config') ? readDescriptor(reader.object('config')) : readDescriptor(new ObjectReader({})),
    layers: reader.list('layers', readDescriptor),
    ...readRelation(reader),
  };
}

/** What manifests and indexes say of themselves beside their content. */
function readRelation(reader: ObjectReader): Pick<Manifest, 'annotations' | 'artifactType' | 'subject'> {
  const artifactType = reader.optionalString('artifactType');
  return {
    annotations: reader.optionalStringMap('annotations') ?? {},
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(reader.has('subject') ? { subject: readDescriptor(reader.object('subject')) } : {}),
  };
}

function readIndex(reader: ObjectReader, mediaType: string): ImageIndex {
  return {
    kind: 'index',
    mediaType,
    manifests: reader.list('manifests', readDescriptor),
    ...readRelation(reader),
  };
}
