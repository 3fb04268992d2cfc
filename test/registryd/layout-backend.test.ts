import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { collect } from '../../src/core/bytes.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { encodeManifest, type RawManifest } from '../../src/oci/manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { layoutBackend } from '../../src/registryd/serve.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import {
  pushImage,
  rawIndex,
  repositoryWith,
  startRegistry,
  testClient,
  testImage,
  type TestImage,
  type TestRegistry,
} from '../support/registry.ts';

describe('a layout as a registry', () => {
  it('a push becomes a REPO:TAG entry that keeps all others, and is pulled back', async (t) => {
    const directory = join(temporaryDirectory(t), 'images');
    const registry = await startRegistry(t, { backend: layoutBackend(directory) });
    const [one, two] = [testImage('one', 200_000), testImage('two')];
    const client = testClient(t);
    await repositoryWith(client, registry, one, 'team/one');
    const second = await repositoryWith(client, registry, two, 'two');
    await pushImage(second.openSink('v2'), two, registry.ctx);
    const entries = await openLayout(directory).list(registry.ctx);
    assert.deepEqual(
      entries.map(({ name, descriptor }) => [name, descriptor.digest]),
      [
        ['team/one:latest', one.manifest.descriptor.digest],
        ['two:latest', two.manifest.descriptor.digest],
        ['two:v2', two.manifest.descriptor.digest],
      ],
    );
    const fresh = testClient(t).repository(registry.name, 'team/one');
    assert.deepEqual((await fresh.resolve('latest', registry.ctx)).descriptor, one.manifest.descriptor);
    const bytes = await collect(fresh.open(one.layer.descriptor, registry.ctx), 1e6, 'layer');
    assert.equal(bytes.byteLength, 200_000);
    assert.deepEqual(await second.tags(registry.ctx), ['latest', 'v2']);
  });

  it('serves what another program wrote: bare tags as a repository named after the folder', async (t) => {
    const directory = join(temporaryDirectory(t), 'My Images');
    const ctx = testContext(t);
    const image = testImage('a');
    await pushImage(await openLayoutSink(directory, 'v1', ctx), image, ctx);
    await pushImage(await openLayoutSink(directory, '127.0.0.1:5000/team/app:v2', ctx), image, ctx);
    const registry = await startRegistry(t, { backend: layoutBackend(directory) });
    const client = testClient(t);
    assert.deepEqual(await client.repository(registry.name, 'my-images').tags(ctx), ['v1']);
    const app = client.repository(registry.name, 'team/app');
    assert.equal((await app.resolve('v2', ctx)).descriptor.digest, image.manifest.descriptor.digest);
    assert.ok(await app.has(image.layer.descriptor, ctx));
  });

  it('blobs are visible per repository and stored once; a mount makes one visible', async (t) => {
    const directory = temporaryDirectory(t);
    const registry = await startRegistry(t, { backend: layoutBackend(directory) });
    const image = testImage('a');
    const client = testClient(t);
    const base = await repositoryWith(client, registry, image, 'base');
    const other = client.repository(registry.name, 'other');
    assert.equal(await other.has(image.layer.descriptor, registry.ctx), false);
    const outcome = await other.openSink('x').put(image.layer, registry.ctx, { origins: [base.origin] });
    assert.equal(outcome, 'mounted');
    assert.ok(await testClient(t).repository(registry.name, 'other').has(image.layer.descriptor, registry.ctx));
  });

  it('an index and its untagged children are served, also by a server that starts later', async (t) => {
    const directory = temporaryDirectory(t);
    const first = await startRegistry(t, { backend: layoutBackend(directory) });
    const image = testImage('child');
    const index = rawIndex([image.manifest.descriptor], OCI_INDEX);
    const sink = testClient(t).repository(first.name, 'multi').openSink('latest');
    await Promise.all([sink.put(image.layer, first.ctx), sink.put(image.config, first.ctx)]);
    await sink.putManifest(image.manifest, first.ctx);
    await sink.putManifest(index, first.ctx);
    sink.tag(undefined, index.descriptor);
    await sink.commit(first.ctx);
    const later = await startRegistry(t, { backend: layoutBackend(directory) });
    const repository = testClient(t).repository(later.name, 'multi');
    assert.equal((await repository.resolve('latest', later.ctx)).descriptor.digest, index.descriptor.digest);
    await repository.resolve(image.manifest.descriptor.digest, later.ctx);
    assert.ok(await repository.has(image.layer.descriptor, later.ctx));
  });

  it('a blob of many chunks is served without leaving listeners behind', async (t) => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    t.after(() => process.off('warning', note));
    const registry = await startRegistry(t, { backend: layoutBackend(temporaryDirectory(t)) });
    const image = testImage('large', 16_000_000);
    const repository = await repositoryWith(testClient(t), registry, image);
    let size = 0;
    for await (const chunk of repository.open(image.layer.descriptor, registry.ctx)) {
      size += chunk.byteLength;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(size, 16_000_000);
    assert.deepEqual(warnings, []);
  });

  it('the layout it writes is a layout: marker, names, and an annotation where there is none', async (t) => {
    const directory = temporaryDirectory(t);
    const registry = await startRegistry(t, { backend: layoutBackend(directory) });
    const [one, two] = [testImage('one'), testImage('two')];
    const repository = await repositoryWith(testClient(t), registry, one, 'team/app');
    await put(registry, 'team/app', two, two.manifest.descriptor.digest);
    assert.equal(readFileSync(join(directory, 'oci-layout'), 'utf8').includes('1.0.0'), true);
    const index: unknown = JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8'));
    assert.deepEqual(index, {
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [
        {
          ...one.manifest.descriptor,
          annotations: {
            'io.containerd.image.name': 'docker.io/team/app:latest',
            'org.opencontainers.image.ref.name': 'team/app:latest',
          },
        },
        { ...two.manifest.descriptor, annotations: { 'io.slipway.repository': 'team/app' } },
      ],
    });
    assert.deepEqual(await repository.tags(registry.ctx), ['latest']);
  });

  it('a tag that moves leaves its manifest, found by digest, also by a server that starts later', async (t) => {
    const directory = temporaryDirectory(t);
    const registry = await startRegistry(t, { backend: layoutBackend(directory) });
    const [old, next] = [testImage('old'), testImage('next')];
    await put(registry, 'app', old, 'latest');
    await put(registry, 'app', next, 'latest');
    const later = await startRegistry(t, { backend: layoutBackend(directory) });
    assert.equal((await ask(later, `app/manifests/${old.manifest.descriptor.digest}`)).status, 200);
    assert.equal((await ask(later, 'app/manifests/latest')).digest, next.manifest.descriptor.digest);
    assert.equal((await ask(later, `app/blobs/${old.layer.descriptor.digest}`)).status, 200);
    // The next tag of the old one takes the place of the entry without a tag.
    await put(later, 'app', old, 'v1');
    assert.equal((await openLayout(directory).list(later.ctx)).length, 2);
  });

  it('deletes a tag, a manifest with its tags, and a blob; nothing of another repository', async (t) => {
    const directory = temporaryDirectory(t);
    const registry = await startRegistry(t, { backend: layoutBackend(directory) });
    const image = testImage('a');
    const { digest } = image.manifest.descriptor;
    const layer = image.layer.descriptor.digest;
    for (const tag of ['v1', 'v2']) await put(registry, 'app', image, tag);
    await put(registry, 'other', image, 'v1');
    const status = async (path: string, method = 'GET'): Promise<number> => (await ask(registry, path, method)).status;
    assert.equal(await status('app/manifests/v1', 'DELETE'), 202);
    assert.equal(await status('app/manifests/v1', 'DELETE'), 404);
    assert.equal(await status('app/manifests/v1'), 404);
    assert.equal(await status('app/manifests/v2'), 200);
    assert.equal(await status('app/manifests/v2', 'DELETE'), 202);
    assert.equal(await status(`app/manifests/${digest}`), 200);
    assert.equal(await status(`app/manifests/${digest}`, 'DELETE'), 202);
    assert.equal(await status(`app/manifests/${digest}`), 404);
    assert.equal(await status(`app/blobs/${layer}`, 'DELETE'), 202);
    assert.equal(await status(`app/blobs/${layer}`), 404);
    assert.equal(await status(`app/blobs/${layer}`, 'DELETE'), 404);
    assert.equal(await status(`other/manifests/${digest}`), 200);
    assert.equal(await status(`other/blobs/${layer}`), 200);
    assert.deepEqual(
      (await openLayout(directory).list(registry.ctx)).map(({ name }) => name),
      ['other:v1'],
    );
  });

  it('lists what refers to a manifest, by type, also when that was never pushed', async (t) => {
    const registry = await startRegistry(t, { backend: layoutBackend(temporaryDirectory(t)) });
    const subject = testImage('subject').manifest.descriptor;
    const sbom = referrer(subject, 'application/spdx+json');
    const signature = referrer(subject, 'application/x-signature');
    for (const each of [sbom, signature]) {
      const answer = await put(registry, 'app', { ...testImage('subject'), manifest: each }, each.descriptor.digest);
      assert.equal(answer.headers.get('oci-subject'), subject.digest);
    }
    const all = await ask(registry, `app/referrers/${subject.digest}`);
    assert.equal(all.headers.get('content-type'), OCI_INDEX);
    assert.deepEqual(digestsIn(all.body), [sbom.descriptor.digest, signature.descriptor.digest].sort());
    const some = await ask(registry, `app/referrers/${subject.digest}?artifactType=application/x-signature`);
    assert.equal(some.headers.get('oci-filters-applied'), 'artifactType');
    assert.deepEqual(digestsIn(some.body), [signature.descriptor.digest]);
    const none = await ask(registry, `never/referrers/${subject.digest}`);
    assert.deepEqual([none.status, digestsIn(none.body)], [200, []]);
    await ask(registry, `app/manifests/${sbom.descriptor.digest}`, 'DELETE');
    assert.deepEqual(digestsIn((await ask(registry, `app/referrers/${subject.digest}`)).body), [
      signature.descriptor.digest,
    ]);
  });
});

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly digest: string | null;
  readonly body: string;
}

async function ask(registry: TestRegistry, path: string, method = 'GET'): Promise<Asked> {
  const response = await fetch(`${registry.url}/v2/${path}`, { method });
  const { status, headers } = response;
  return { status, headers, digest: headers.get('docker-content-digest'), body: await response.text() };
}

/** Blobs and manifest under a tag or digest, as a client would that does not look first. */
async function put(registry: TestRegistry, repository: string, image: TestImage, target: string): Promise<Response> {
  for (const blob of [image.layer, image.config]) {
    const url = `${registry.url}/v2/${repository}/blobs/uploads/?digest=${blob.descriptor.digest}`;
    const bytes = await collect(blob.open(), 1e7, 'blob');
    const answer = await fetch(url, { method: 'POST', body: new Uint8Array(bytes) });
    assert.equal(answer.status, 201);
    await answer.arrayBuffer();
  }
  const { bytes, descriptor } = image.manifest;
  const answer = await fetch(`${registry.url}/v2/${repository}/manifests/${target}`, {
    method: 'PUT',
    headers: { 'content-type': descriptor.mediaType },
    body: new Uint8Array(bytes),
  });
  assert.equal(answer.status, 201);
  await answer.arrayBuffer();
  return answer;
}

function referrer(subject: Descriptor, artifactType: string): RawManifest {
  const { config, layer } = testImage('subject');
  return encodeManifest({
    mediaType: OCI_MANIFEST,
    artifactType,
    config: config.descriptor,
    layers: [layer.descriptor],
    annotations: {},
    subject,
  });
}

function digestsIn(body: string): readonly string[] {
  return [...body.matchAll(/"digest":"(sha256:[0-9a-f]{64})"/g)].map((match) => match[1] ?? '');
}
