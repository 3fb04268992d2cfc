import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import { streamOf } from '../../src/core/bytes.ts';
import { descriptorToJson, type Descriptor } from '../../src/oci/descriptor.ts';
import { digester, digestOf, type Algorithm } from '../../src/oci/digest.ts';
import { encodeManifest, type RawManifest } from '../../src/oci/manifest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { Blob } from '../../src/ports/blob.ts';
import type { ImageSink } from '../../src/ports/store.ts';
import { createRegistryClient, type RegistryClient, type RegistryRepository } from '../../src/registry/client.ts';
import type { FoundCredentials, RegistryOptions } from '../../src/registry/options.ts';
import type { RegistryBackend } from '../../src/registryd/backend.ts';
import { memoryBackend, serveRegistry, type RequestLine, type ServeOptions } from '../../src/registryd/serve.ts';
import { testContext, type TestContextOf } from './context.ts';

export interface TestRegistry {
  /** `127.0.0.1:port`. */
  readonly name: string;
  readonly url: string;
  /** Every request that was answered, oldest first. */
  readonly requests: RequestLine[];
  readonly ctx: TestContextOf;
}

/** Our server on a free loopback port; it stops after the test. */
export async function startRegistry(
  test: TestContext,
  options: ServeOptions & { readonly backend?: RegistryBackend } = {},
): Promise<TestRegistry> {
  const ctx = testContext(test);
  const requests: RequestLine[] = [];
  const server = await serveRegistry(options.backend ?? memoryBackend(), ctx, {
    ...options,
    onRequest: (request) => {
      requests.push(request);
      options.onRequest?.(request);
    },
  });
  test.after(() => server[Symbol.asyncDispose]());
  return { name: `${server.host}:${String(server.port)}`, url: server.url, requests, ctx };
}

/** A client without waiting times between its tries. It is closed after the test. */
export function testClient(
  test: TestContext,
  options: Partial<RegistryOptions> & { readonly found?: FoundCredentials } = {},
): RegistryClient {
  const { found, ...rest } = options;
  const client = createRegistryClient({
    insecure: [],
    credentials: { find: () => Promise.resolve(found ?? { trace: [] }) },
    userAgent: 'slipway-test',
    retry: { attempts: 3, baseDelayMs: 1 },
    ...rest,
  });
  test.after(() => client[Symbol.asyncDispose]());
  return client;
}

export interface TestImage {
  readonly layer: Blob;
  readonly config: Blob;
  readonly manifest: RawManifest;
}

/** A small image with one layer of `size` bytes (no real tar: nothing here unpacks it). */
export function testImage(seed: string, size = 1000): TestImage {
  const bytes = patternBytes(seed, size);
  const layer = testBlob(bytes, OCI_LAYER);
  const config = testBlob(
    Buffer.from(
      JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [digestOf(bytes)] } }),
    ),
    OCI_CONFIG,
  );
  const manifest = encodeManifest({
    mediaType: OCI_MANIFEST,
    config: config.descriptor,
    layers: [layer.descriptor],
    annotations: {},
  });
  return { layer, config, manifest };
}

export function testBlob(bytes: Uint8Array, mediaType: string = OCI_LAYER, algorithm: Algorithm = 'sha256'): Blob {
  const hash = digester(algorithm);
  hash.update(bytes);
  const descriptor: Descriptor = { mediaType, digest: hash.digest(), size: bytes.byteLength };
  return { descriptor, open: () => chunked(bytes) };
}

/** Bytes that look random and are the same for the same seed. */
export function patternBytes(seed: string, size: number): Uint8Array {
  const block = createHash('sha512').update(seed).digest();
  const bytes = Buffer.alloc(size);
  for (let offset = 0; offset < size; offset += block.byteLength) {
    block.copy(bytes, offset);
    bytes.writeUInt32LE(offset % 2 ** 32, Math.min(offset, Math.max(0, size - 4)));
  }
  return bytes;
}

/** Puts blobs and manifest and commits under the sink's own tag. */
export async function pushImage(sink: ImageSink, image: TestImage, ctx: TestContextOf): Promise<void> {
  await Promise.all([sink.put(image.layer, ctx), sink.put(image.config, ctx)]);
  await sink.putManifest(image.manifest, ctx);
  sink.tag(undefined, image.manifest.descriptor);
  await sink.commit(ctx);
}

/** A repository of the registry that holds the image as `latest`. */
export async function repositoryWith(
  client: RegistryClient,
  registry: TestRegistry,
  image: TestImage,
  name = 'app',
): Promise<RegistryRepository> {
  const repository = client.repository(registry.name, name);
  await pushImage(repository.openSink('latest'), image, registry.ctx);
  return repository;
}

/** An index over manifests, as raw bytes. */
export function rawIndex(manifests: readonly Descriptor[], mediaType: string): RawManifest {
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType, manifests: manifests.map(descriptorToJson) }),
  );
  return { bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength } };
}

async function* chunked(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  const step = 64 * 1024;
  for (let offset = 0; offset < bytes.byteLength; offset += step)
    yield* streamOf(bytes.subarray(offset, offset + step));
}
