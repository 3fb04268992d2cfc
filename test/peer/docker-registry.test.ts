import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { collect } from '../../src/core/bytes.ts';
import { systemClock } from '../../src/core/clock.ts';
import { issueCertificate } from '../../src/core/x509-issue.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { encodeManifest, type RawManifest } from '../../src/oci/manifest.ts';
import { OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { RegistryClient } from '../../src/registry/client.ts';
import type { RegistryOptions } from '../../src/registry/options.ts';
import { NO_NETWORK_OPTIONS } from '../../src/registry/network-options.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import {
  ANN_SECRET,
  debianRegistry,
  distributionRegistry,
  startDockerRegistry,
  type DockerRegistryOptions,
} from '../support/docker-registry.ts';
import { gzipImage } from '../support/gzip-image.ts';
import { jwtEndpoint } from '../support/jwt-endpoint.ts';
import { pushImage, testBlob, testClient, type TestImage } from '../support/registry.ts';

const ANN = { credentials: { kind: 'basic', username: 'ann', password: 'secret' }, trace: ['the test'] } as const;
const SIGNATURE = 'application/vnd.example.signature';

/** Programs that are the same registry in two generations, as people run them. */
const PROGRAMS = [
  { name: "Debian's docker-registry", find: debianRegistry },
  { name: 'distribution 3', find: distributionRegistry },
] as const;

/** How its doors are kept. */
const DOORS = [
  { name: 'plain', open: () => Promise.resolve({}) },
  { name: 'with TLS and htpasswd', open: withTls },
  { name: 'behind a token endpoint with JWTs', open: withTokens },
] as const;

interface Door {
  readonly server?: DockerRegistryOptions;
  readonly client?: Partial<RegistryOptions>;
  readonly asked?: readonly (readonly string[])[];
}

describe('registries that people run', () => {
  for (const { name, find } of PROGRAMS)
    for (const door of DOORS)
      it(`${name}, ${door.name}: push, mount, pull, tags, referrers, delete`, async (t) => {
        const { server, client: options, asked }: Door = await door.open(t);
        const registry = await startDockerRegistry(t, find(t), server);
        if (registry === undefined) return;
        const ctx = testContext(t);
        const found = server === undefined ? { trace: [] } : ANN;
        const addresses = server?.tls === undefined ? [] : [[registry, `https://${registry}`] as const];
        const settings = { ...options, addresses: new Map(addresses) };
        const newClient = (): RegistryClient => testClient(t, { ...settings, found });
        await assertWhole(newClient, registry, ctx);
        if (server !== undefined)
          await assert.rejects(() => testClient(t, settings).repository(registry, 'team/app').resolve('v1', ctx), {
            code: 'REGISTRY_UNAUTHORIZED',
          });
        // One token for what one repository is used for, not one a request.
        if (asked !== undefined) assert.ok(asked.length < 20, `${String(asked.length)} tokens were asked for`);
      });
});

async function assertWhole(newClient: () => RegistryClient, registry: string, ctx: TestContextOf): Promise<void> {
  const image = gzipImage('pushed', 500_000);
  const { digest } = image.manifest.descriptor;
  const client = newClient();
  const base = client.repository(registry, 'base');
  await base.checkWrite(ctx);
  await pushImage(base.openSink('v1'), image, ctx);
  const app = client.repository(registry, 'team/app');
  assert.equal(await app.openSink('v1').put(image.layer, ctx, { origins: [base.origin] }), 'mounted');
  for (const tag of ['v1', 'v2']) await pushImage(app.openSink(tag), image, ctx);

  const fresh = newClient().repository(registry, 'team/app');
  assert.deepEqual(await fresh.tags(ctx), ['v1', 'v2']);
  assert.deepEqual((await fresh.resolve('v1', ctx)).descriptor, image.manifest.descriptor);
  const layer = await collect(fresh.open(image.layer.descriptor, ctx), 1e6, 'layer');
  assert.equal(digestOf(layer), image.layer.descriptor.digest);
  const names: string[] = [];
  for await (const name of newClient().catalog(registry, ctx)) names.push(name);
  assert.deepEqual(names, ['base', 'team/app']);

  const signature = await attach(newClient().repository(registry, 'team/app'), image, ctx);
  const referrers = await newClient()
    .repository(registry, 'team/app')
    .referrers(digest, ctx, { artifactType: SIGNATURE });
  assert.deepEqual(
    referrers.map((found) => found.digest),
    [signature.descriptor.digest],
  );
  await fresh.delete(digest, ctx);
  await assert.rejects(() => newClient().repository(registry, 'team/app').resolve(digest, ctx), {
    code: 'IMAGE_NOT_FOUND',
  });
  // What another repository has of it stays.
  assert.equal((await newClient().repository(registry, 'base').resolve('v1', ctx)).descriptor.digest, digest);
}

/** Pushes a manifest that refers to the image. */
async function attach(
  repository: ReturnType<RegistryClient['repository']>,
  subject: TestImage,
  ctx: TestContextOf,
): Promise<RawManifest> {
  const config = testBlob(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json');
  const sink = repository.openSink('signature');
  await sink.put(config, ctx);
  const manifest = encodeManifest({
    mediaType: OCI_MANIFEST,
    artifactType: SIGNATURE,
    config: config.descriptor,
    layers: [config.descriptor],
    subject: subject.manifest.descriptor,
    annotations: {},
  });
  await sink.putManifest(manifest, ctx);
  await sink.commit(ctx);
  return manifest;
}

async function withTls(test: TestContext): Promise<Door> {
  const { ca, ...tls } = await issueCertificate(['127.0.0.1', 'localhost'], systemClock);
  const file = join(temporaryDirectory(test), 'ca.pem');
  writeFileSync(file, ca);
  const network = { ...NO_NETWORK_OPTIONS, caFiles: [file] };
  return { server: { tls, htpasswd: ANN_SECRET }, client: { network } };
}

async function withTokens(test: TestContext): Promise<Door> {
  const token = await jwtEndpoint(test);
  return { server: { token }, asked: token.asked };
}
