import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { collect } from '../../src/core/bytes.ts';
import { OCI_INDEX } from '../../src/oci/media-types.ts';
import { layoutBackend } from '../../src/registryd/serve.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { pushImage, rawIndex, repositoryWith, startRegistry, testClient, testImage } from '../support/registry.ts';

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

  it('the layout it writes is a layout, and refuses to delete over HTTP', async (t) => {
    const directory = temporaryDirectory(t);
    const registry = await startRegistry(t, { backend: layoutBackend(directory) });
    await repositoryWith(testClient(t), registry, testImage('a'));
    assert.equal(readFileSync(join(directory, 'oci-layout'), 'utf8').includes('1.0.0'), true);
    const response = await fetch(`${registry.url}/v2/app/manifests/latest`, { method: 'DELETE' });
    assert.equal(response.status, 405);
    await response.arrayBuffer();
  });
});
