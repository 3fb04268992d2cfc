import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { decodeManifest, encodeManifest, type RawManifest } from '../../src/oci/manifest.ts';
import { OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { referrersTag } from '../../src/oci/referrer.ts';
import type { RegistryRepository } from '../../src/registry/client.ts';
import { faultScript } from '../../src/registryd/fault-script.ts';
import type { ServeOptions } from '../../src/registryd/serve.ts';
import {
  repositoryWith,
  startRegistry,
  testBlob,
  testClient,
  testImage,
  type TestRegistry,
} from '../support/registry.ts';

/** A registry of before distribution-spec 1.1. */
const NO_REFERRERS: NonNullable<ServeOptions['intercept']> = faultScript([
  { path: /\/referrers\//, fault: { kind: 'answer', status: 404, body: '404 page not found' } },
  { method: 'PUT', path: /\/manifests\//, fault: { kind: 'headers', headers: { 'oci-subject': '' } } },
]);

const SBOM = 'application/spdx+json';
const SIGNATURE = 'application/vnd.example.signature';

describe('referrers', () => {
  for (const [kind, options] of [
    ['with the referrers API', {}],
    ['with the fallback tag', { intercept: NO_REFERRERS }],
  ] as const) {
    it(`what refers to an image is listed, all or by type, ${kind}`, async (t) => {
      const { registry, repository, subject } = await startWithImage(t, options);
      const sbom = await attach(repository, subject, SBOM, registry);
      const signature = await attach(repository, subject, SIGNATURE, registry);
      const all = await repository.referrers(subject.digest, registry.ctx);
      assert.deepEqual(all.map(({ digest }) => digest).sort(), [sbom.digest, signature.digest].sort());
      const signatures = await repository.referrers(subject.digest, registry.ctx, { artifactType: SIGNATURE });
      assert.deepEqual(
        signatures.map(({ digest, artifactType, annotations }) => ({ digest, artifactType, annotations })),
        [{ digest: signature.digest, artifactType: SIGNATURE, annotations: { title: SIGNATURE } }],
      );
    });

    it(`a deleted manifest is no longer listed, ${kind}`, async (t) => {
      const { registry, repository, subject } = await startWithImage(t, options);
      const sbom = await attach(repository, subject, SBOM, registry);
      const signature = await attach(repository, subject, SIGNATURE, registry);
      await repository.delete(sbom.digest, registry.ctx);
      const left = await repository.referrers(subject.digest, registry.ctx);
      assert.deepEqual(
        left.map(({ digest }) => digest),
        [signature.digest],
      );
    });
  }

  it('pushes that refer to one image at the same time all stay in the list of the fallback tag', async (t) => {
    const { registry, repository, subject } = await startWithImage(t, { intercept: NO_REFERRERS });
    const types = ['a', 'b', 'c', 'd'].map((name) => `application/vnd.example.${name}`);
    const pushed = await Promise.all(types.map((type) => attach(repository, subject, type, registry)));
    const tag = await repository.resolve(referrersTag(subject.digest), registry.ctx);
    const index = decodeManifest(tag, 'index');
    assert.deepEqual(
      (index.kind === 'index' ? index.manifests : []).map(({ digest }) => digest).sort(),
      pushed.map(({ digest }) => digest).sort(),
    );
  });

  it('a registry that says OCI-Subject gets no fallback tag', async (t) => {
    const { registry, repository, subject } = await startWithImage(t, {});
    await attach(repository, subject, SBOM, registry);
    assert.deepEqual(await repository.tags(registry.ctx), ['latest']);
  });

  it('an image to which nothing refers has no referrers, and a list is asked for page by page', async (t) => {
    const first = { page: '' };
    const { registry, repository, subject } = await startWithImage(t, {
      intercept: ({ path }) =>
        first.page === '' || !path.includes('/referrers/') || path.includes('page=2')
          ? undefined
          : {
              kind: 'answer',
              status: 200,
              headers: { 'content-type': 'application/vnd.oci.image.index.v1+json', link: '<?page=2>; rel="next"' },
              body: first.page,
            },
    });
    assert.deepEqual(await repository.referrers(subject.digest, registry.ctx), []);
    const sbom = await attach(repository, subject, SBOM, registry);
    const other = { ...sbom, digest: `sha256:${'1'.repeat(64)}`, artifactType: SIGNATURE };
    first.page = JSON.stringify({ schemaVersion: 2, manifests: [other] });
    assert.deepEqual(
      (await repository.referrers(subject.digest, registry.ctx)).map(({ digest }) => digest),
      [other.digest, sbom.digest],
    );
    // The first page does not say that it was filtered.
    const sboms = await repository.referrers(subject.digest, registry.ctx, { artifactType: SBOM });
    assert.deepEqual(
      sboms.map(({ digest }) => digest),
      [sbom.digest],
    );
  });
});

async function startWithImage(
  test: Parameters<typeof startRegistry>[0],
  options: ServeOptions,
): Promise<{
  readonly registry: TestRegistry;
  readonly repository: RegistryRepository;
  readonly subject: Descriptor;
}> {
  const registry = await startRegistry(test, options);
  const image = testImage('a');
  const repository = await repositoryWith(testClient(test), registry, image);
  return { registry, repository, subject: image.manifest.descriptor };
}

/** Pushes an artifact by digest. */
async function attach(
  repository: RegistryRepository,
  subject: Descriptor,
  artifactType: string,
  { ctx }: TestRegistry,
): Promise<Descriptor> {
  const content = testBlob(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json');
  const manifest: RawManifest = encodeManifest({
    mediaType: OCI_MANIFEST,
    artifactType,
    config: content.descriptor,
    layers: [content.descriptor],
    subject,
    annotations: { title: artifactType },
  });
  const sink = repository.openSink('unused');
  await sink.put(content, ctx);
  await sink.putManifest(manifest, ctx);
  await sink.commit(ctx);
  return manifest.descriptor;
}
