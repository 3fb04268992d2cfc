import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import { collect } from '../../src/core/bytes.ts';
import type { IssuedCertificate } from '../../src/core/x509-issue.ts';
import { createLocator } from '../../src/locate/locator.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { encodeManifest } from '../../src/oci/manifest.ts';
import { OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { analyze } from '../../src/phases/analyze.ts';
import type { RegistryRepository } from '../../src/registry/client.ts';
import { NO_NETWORK_OPTIONS } from '../../src/registry/network-options.ts';
import type { RegistryOptions } from '../../src/registry/options.ts';
import { faultScript, type FaultRule } from '../../src/registryd/fault-script.ts';
import { memoryBackend, type ServeOptions, type ServerRequest } from '../../src/registryd/serve.ts';
import { copyImage, type AssembledImage } from '../../src/store/copy.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { validateStore } from '../../src/store/validate.ts';
import { badLine, type LineTrouble } from './bad-line.ts';
import { testCertificate, type TestCertificate } from './certificates.ts';
import { temporaryDirectory, testContext, type TestContextOf } from './context.ts';
import { goldenPlaces } from './golden-layers.ts';
import { fill, imageOf } from './images.ts';
import { patternBytes, startRegistry, testClient, type TestRegistry } from './registry.ts';

/** What is done while the registry misbehaves. */
export type FaultedOperation = 'resolve' | 'pull' | 'push' | 'copy' | 'tags' | 'attach' | 'analyze';

export interface FaultBedOptions {
  readonly rules?: (addresses: FaultAddresses) => readonly FaultRule[];
  /** Faults meet requests without credentials too, of which the real answer is a 401. */
  readonly meetsAnonymous?: boolean;
  readonly otherRules?: readonly FaultRule[];
  readonly auth?: ServeOptions['auth'];
  readonly line?: LineTrouble;
  /** The client asks over TLS; without a certificate the server speaks plain HTTP all the same. */
  readonly tls?: { readonly certificate?: TestCertificate; readonly isTrusted?: boolean };
  /** The registry mounts nothing. */
  readonly mountsNothing?: boolean;
  readonly client?: Partial<RegistryOptions>;
  /** The registry's name for the client; default its `host:port`. */
  readonly address?: (registry: TestRegistry) => string;
}

/** `http://host:port` of the registry and of the other origin, which has the same images and asks for no credentials. */
export interface FaultAddresses {
  readonly self: string;
  readonly other: string;
}

export interface FaultBed {
  /** Throws what the operation throws. */
  readonly run: (operation: FaultedOperation) => Promise<void>;
  /** Everything that the operation was to bring is there, whole. */
  readonly assertDone: (operation: FaultedOperation) => Promise<void>;
  /** What was there before is there as before, and nothing half-made can be seen. */
  readonly assertIntact: (operation: FaultedOperation) => Promise<void>;
  /** Whether a request was repeated, which is announced. */
  readonly isRepeated: () => boolean;
  /** Requests at the other origin; `leaked` are those with credentials. */
  readonly other: { readonly requests: readonly ServerRequest[]; readonly leaked: () => readonly ServerRequest[] };
  /** The text with the ports of this run as names. */
  readonly plain: (text: string) => string;
}

const FOUND = {
  credentials: { kind: 'basic', username: 'ann', password: 'secret' },
  trace: ['test keychain'],
} as const;
const OLD = imageOf('linux/amd64', { layers: ['old'] });
/** Large enough to be cut in the middle. */
export const NEW: AssembledImage = imageOf('linux/amd64', {
  layers: ['new', Buffer.from(patternBytes('large', 300_000)).toString('latin1')],
  compression: 'none',
});

/** Refers to the new image, and is of blobs that it has. */
const ARTIFACT = encodeManifest({
  mediaType: OCI_MANIFEST,
  config: NEW.config.descriptor,
  layers: [],
  annotations: {},
  artifactType: 'application/vnd.example.sbom',
  subject: NEW.manifest.descriptor,
});

/** A registry with `app:v1` (old) and `base/run:v1` (new), another origin beside it, a layout with `old`, and faults from the first request on. */
export async function faultBed(test: TestContext, options: FaultBedOptions): Promise<FaultBed> {
  const memory = memoryBackend();
  const backend = options.mountsNothing === true ? { ...memory, mountBlob: () => Promise.resolve(false) } : memory;
  const certificate =
    options.tls?.certificate === undefined ? undefined : await testCertificate(options.tls.certificate);
  const seen: ServerRequest[] = [];
  let isFaulty = false;
  const otherScript = faultScript(options.otherRules ?? []);
  const other = await startRegistry(test, {
    backend,
    intercept: (request) => {
      if (!isFaulty) return undefined;
      seen.push(request);
      return otherScript(request);
    },
  });
  const isMet = ({ headers }: ServerRequest): boolean =>
    isFaulty && (options.meetsAnonymous === true || headers['authorization'] !== undefined);
  const registry = await startRegistry(test, {
    backend,
    auth: options.auth ?? { kind: 'basic', users: { ann: 'secret' } },
    ...(certificate === undefined ? {} : { tls: { cert: certificate.cert, key: certificate.key } }),
    intercept: (request) => (isMet(request) ? script(request) : undefined),
  });
  const seeding = testClient(test).repository(other.name, 'app');
  const ctx = testContext(test);
  await put(seeding, OLD, ctx);
  await put(testClient(test).repository(other.name, 'base/run'), NEW, ctx);
  const layout = join(temporaryDirectory(test), 'layout');

  const own = new URL(registry.url);
  const plainName =
    options.line === undefined
      ? (options.address?.(registry) ?? registry.name)
      : await badLine(test, Number(own.port), options.line);
  const name = options.tls === undefined ? plainName : 'registry.test';
  const script = faultScript(options.rules?.({ self: registry.url, other: other.url }) ?? []);
  const settings = {
    insecure: [],
    credentials: { find: () => Promise.resolve(FOUND) },
    userAgent: 'slipway-test',
    retry: { attempts: 3, baseDelayMs: 1 },
    ...(options.tls === undefined
      ? {}
      : overTls(test, plainName, options.tls.isTrusted === true ? certificate : undefined)),
    ...options.client,
  };
  const client = testClient(test, settings);
  let attached: readonly Descriptor[] = [];
  const run: Record<FaultedOperation, () => Promise<void>> = {
    resolve: async () => {
      await client.repository(name, 'base/run').resolve('v1', ctx);
    },
    pull: async () => {
      await putLayout(layout, 'old', OLD, ctx);
      await using sink = await openLayoutSink(layout, 'new', ctx);
      await copyImage({ source: client.repository(name, 'base/run'), name: 'v1' }, sink, ctx);
      await sink.commit(ctx);
    },
    push: async () => {
      const source = join(temporaryDirectory(test), 'source');
      await putLayout(source, 'new', NEW, ctx);
      const sink = client.repository(name, 'app').openSink('v1');
      await copyImage({ source: openLayout(source), name: 'new' }, sink, ctx);
      await sink.commit(ctx);
    },
    copy: async () => {
      const sink = client.repository(name, 'app').openSink('v1');
      await copyImage({ source: client.repository(name, 'base/run'), name: 'v1' }, sink, ctx);
      await sink.commit(ctx);
    },
    tags: async () => {
      await client.repository(name, 'base/run').tags(ctx);
    },
    attach: async () => {
      const repository = client.repository(name, 'base/run');
      const sink = repository.openSink('unused');
      await sink.putManifest(ARTIFACT, ctx);
      await sink.commit(ctx);
      attached = await repository.referrers(NEW.manifest.descriptor.digest, ctx);
    },
    analyze: async () => {
      await using images = createLocator({ registry: settings, hostArchitecture: 'amd64' });
      const run = `${name}/base/run:v1`;
      await analyze(
        {
          runImage: [{ location: parseLocation(run), name: run }],
          previousImage: undefined,
          previousName: '',
          outputs: [parseLocation(`${name}/app:v1`)],
          target: undefined,
          skipLayers: true,
          layers: goldenPlaces(test).layers,
          features: platformFeatures('0.15'),
        },
        { images },
        ctx,
      );
    },
  };
  const fresh = (): RegistryRepository => testClient(test).repository(other.name, 'app');
  return {
    run: (operation) => {
      isFaulty = true;
      return run[operation]();
    },
    assertDone: async (operation) => {
      isFaulty = false;
      if (operation === 'push' || operation === 'copy') await assertTag(fresh(), NEW, ctx);
      if (operation === 'pull') await assertLayout(layout, ['old', 'new'], ctx);
      if (operation === 'attach')
        assert.deepEqual(
          attached.map(({ digest }) => digest),
          [ARTIFACT.descriptor.digest],
        );
    },
    assertIntact: async (operation) => {
      isFaulty = false;
      if (operation === 'push' || operation === 'copy') await assertTag(fresh(), OLD, ctx);
      if (operation === 'pull') await assertLayout(layout, ['old'], ctx);
    },
    isRepeated: () => ctx.events.some(({ type }) => type === 'http.retry'),
    other: { requests: seen, leaked: () => seen.filter(({ headers }) => headers['authorization'] !== undefined) },
    plain: (text) =>
      text
        .replaceAll(name, 'REGISTRY')
        .replaceAll(own.host, 'REGISTRY')
        .replaceAll(other.name, 'OTHER')
        .replaceAll(/sha256:[0-9a-f]{64}/g, 'sha256:…'),
  };
}

/** `registry.test` is that address, over TLS; the authority of the certificate is trusted. */
function overTls(test: TestContext, address: string, trusted: IssuedCertificate | undefined): Partial<RegistryOptions> {
  const addresses = new Map([['registry.test', `https://${address}`]]);
  if (trusted === undefined) return { addresses };
  const file = join(temporaryDirectory(test), 'ca.pem');
  writeFileSync(file, trusted.ca);
  return { addresses, network: { ...NO_NETWORK_OPTIONS, caFiles: [file] } };
}

async function put(repository: RegistryRepository, image: AssembledImage, ctx: TestContextOf): Promise<void> {
  await using sink = repository.openSink('v1');
  await fill(sink, [image], ctx);
  await sink.commit(ctx);
}

async function putLayout(directory: string, name: string, image: AssembledImage, ctx: TestContextOf): Promise<void> {
  await using sink = await openLayoutSink(directory, name, ctx);
  await fill(sink, [image], ctx);
  await sink.commit(ctx);
}

/** The tag leads to that image, and whatever the registry says it has of either is whole. */
async function assertTag(repository: RegistryRepository, image: AssembledImage, ctx: TestContextOf): Promise<void> {
  assert.equal((await repository.resolve('v1', ctx)).descriptor.digest, image.manifest.descriptor.digest);
  for (const { descriptor } of [...OLD.layers, OLD.config, ...NEW.layers, NEW.config]) {
    const isThere = await repository.has(descriptor, ctx);
    const isPart = [...image.layers, image.config].some((blob) => blob.descriptor.digest === descriptor.digest);
    assert.ok(isThere || !isPart, `${descriptor.digest} is missing`);
    // Its digest is checked on the way.
    if (isThere) await collect(repository.open(descriptor, ctx), 1e6, 'blob');
  }
}

/** The layout has these names, is whole, and every file among its blobs is what its name says. */
async function assertLayout(directory: string, names: readonly string[], ctx: TestContextOf): Promise<void> {
  const layout = openLayout(directory);
  assert.deepEqual(
    (await layout.list(ctx)).map(({ name }) => name),
    names,
  );
  assert.deepEqual(await validateStore(layout, ctx), []);
  const blobs = join(directory, 'blobs', 'sha256');
  for (const file of readdirSync(blobs)) assert.equal(digestOf(readFileSync(join(blobs, file))), `sha256:${file}`);
}
