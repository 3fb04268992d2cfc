import type { TestContext } from 'node:test';
import type { Locator } from '../../src/locate/locator.ts';
import { encodeManifest, type RawManifest } from '../../src/oci/manifest.ts';
import { OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { parseLocation } from '../../src/oci/location.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import type { Blob } from '../../src/ports/blob.ts';
import type { AssembledImage } from '../../src/store/copy.ts';
import { temporaryDirectory, testContext, type TestContextOf } from './context.ts';
import { blobOf, entryOf, fill, imageOf, indexOf } from './images.ts';
import { locatorOf } from './locator.ts';
import { startRegistry, type TestRegistry } from './registry.ts';

export const AMD64: AssembledImage = imageOf('linux/amd64', { layers: ['one', 'two'] });
export const ARM64: AssembledImage = imageOf('linux/arm64');
/** Both images. */
export const INDEX: RawManifest = indexOf([entryOf(AMD64), entryOf(ARM64)]);

/** A registry of ours, an empty directory and a locator for both. */
export interface ToolScene {
  readonly ctx: TestContextOf;
  readonly stores: Locator;
  readonly registry: TestRegistry;
  readonly host: string;
  readonly directory: string;
}

export async function toolScene(t: TestContext): Promise<ToolScene> {
  // Closed before the server, which would wait for a connection that is kept.
  const stores = locatorOf(t);
  const registry = await startRegistry(t);
  return { ctx: testContext(t), stores, registry, host: registry.name, directory: temporaryDirectory(t) };
}

/** Writes the index of both images there. */
export function saveIndex(scene: ToolScene, location: string): Promise<void> {
  return save(scene, location, { images: [AMD64, ARM64], top: [INDEX] });
}

export interface Saved {
  readonly images: readonly AssembledImage[];
  readonly top?: readonly RawManifest[];
}

/** Writes images there and names the last manifest. */
export async function save({ stores, ctx }: ToolScene, location: string, saved: Saved): Promise<void> {
  await using sink = await stores.openSink(parseLocation(location), ctx);
  await fill(sink, saved.images, ctx, saved.top);
  await sink.commit(ctx);
}

export interface Artifact {
  readonly manifest: RawManifest;
  readonly blobs: readonly Blob[];
}

/** Something that refers to a manifest. */
export function artifactOf(subject: Descriptor, artifactType: string): Artifact {
  const config = blobOf(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json');
  const content = blobOf(Buffer.from(artifactType), artifactType);
  const manifest = encodeManifest({
    mediaType: OCI_MANIFEST,
    artifactType,
    config: config.descriptor,
    layers: [content.descriptor],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
    annotations: { made: 'here' },
  });
  return { manifest, blobs: [config, content] };
}

/** Pushes an artifact by its digest. */
export async function attach({ stores, ctx }: ToolScene, repository: string, artifact: Artifact): Promise<void> {
  await using sink = await stores.openSink(parseLocation(`${repository}:unused`), ctx);
  for (const blob of artifact.blobs) await sink.put(blob, ctx);
  await sink.putManifest(artifact.manifest, ctx);
  await sink.commit(ctx);
}
