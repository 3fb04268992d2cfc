import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collect } from '../../src/core/bytes.ts';
import { OCI_INDEX } from '../../src/oci/media-types.ts';
import {
  patternBytes,
  pushImage,
  rawIndex,
  repositoryWith,
  startRegistry,
  testBlob,
  testClient,
  testImage,
} from '../support/registry.ts';

describe('registry client', () => {
  it('what was pushed is pulled byte for byte, by tag and by digest', async (t) => {
    const registry = await startRegistry(t);
    const image = testImage('a', 300_000);
    const repository = await repositoryWith(testClient(t), registry, image);
    for (const name of ['latest', image.manifest.descriptor.digest]) {
      const raw = await repository.resolve(name, registry.ctx);
      assert.deepEqual(raw.descriptor, image.manifest.descriptor);
      assert.ok(Buffer.from(image.manifest.bytes).equals(raw.bytes));
    }
    const bytes = await collect(repository.open(image.layer.descriptor, registry.ctx), 1e6, 'layer');
    assert.ok(bytes.equals(patternBytes('a', 300_000)));
  });

  it('a blob that is there is not sent again', async (t) => {
    const registry = await startRegistry(t);
    const image = testImage('a');
    await repositoryWith(testClient(t), registry, image);
    registry.requests.length = 0;
    const sink = testClient(t).repository(registry.name, 'app').openSink('v2');
    assert.equal(await sink.put(image.layer, registry.ctx), 'existed');
    assert.deepEqual(
      registry.requests.map(({ method, status }) => `${method} ${String(status)}`),
      ['HEAD 200'],
    );
  });

  it('puts of one blob at the same time upload it once', async (t) => {
    const registry = await startRegistry(t);
    const sink = testClient(t).repository(registry.name, 'app').openSink('v1');
    const blob = testBlob(patternBytes('b', 200_000));
    const outcomes = await Promise.all([1, 2, 3].map(() => sink.put(blob, registry.ctx)));
    assert.deepEqual(outcomes, ['written', 'existed', 'existed']);
    assert.equal(registry.requests.filter(({ method }) => method === 'PUT').length, 1);
  });

  it('a blob of another repository of the registry is mounted (G-08)', async (t) => {
    const registry = await startRegistry(t);
    const image = testImage('a');
    const client = testClient(t);
    const base = await repositoryWith(client, registry, image, 'base');
    const sink = client.repository(registry.name, 'app').openSink('v1');
    const outcome = await sink.put(image.layer, registry.ctx, { origins: [base.origin] });
    assert.equal(outcome, 'mounted');
    assert.ok(await client.repository(registry.name, 'app').has(image.layer.descriptor, registry.ctx));
  });

  it('a mount that the registry does not do becomes an upload in the session that it opened', async (t) => {
    const registry = await startRegistry(t);
    const sink = testClient(t).repository(registry.name, 'app').openSink('v1');
    const origins = [{ registry: registry.name, repository: 'nowhere' }];
    const outcome = await sink.put(testImage('a').layer, registry.ctx, { origins });
    assert.equal(outcome, 'written');
    assert.equal(registry.requests.filter(({ method }) => method === 'POST').length, 1);
  });

  it('an origin on another registry is not asked for a mount', async (t) => {
    const registry = await startRegistry(t);
    const sink = testClient(t).repository(registry.name, 'app').openSink('v1');
    const origins = [{ registry: 'example.com', repository: 'base' }];
    await sink.put(testImage('a').layer, registry.ctx, { origins });
    assert.ok(registry.requests.every(({ path }) => !path.includes('mount=')));
  });

  it('nothing is visible under the tag before commit', async (t) => {
    const registry = await startRegistry(t);
    const image = testImage('a');
    const repository = testClient(t).repository(registry.name, 'app');
    const sink = repository.openSink('v1');
    await Promise.all([sink.put(image.layer, registry.ctx), sink.put(image.config, registry.ctx)]);
    await sink.putManifest(image.manifest, registry.ctx);
    sink.tag(undefined, image.manifest.descriptor);
    sink.tag('other', image.manifest.descriptor);
    await assert.rejects(() => repository.resolve('v1', registry.ctx), { code: 'IMAGE_NOT_FOUND' });
    assert.deepEqual(await sink.commit(registry.ctx), { blobsWritten: 2, blobsTotal: 2 });
    assert.equal((await repository.resolve('v1', registry.ctx)).descriptor.digest, image.manifest.descriptor.digest);
    assert.deepEqual(
      (await repository.list(registry.ctx)).map(({ name }) => name),
      ['other', 'v1'],
    );
  });

  it('an index goes up after its children, which need no tag', async (t) => {
    const registry = await startRegistry(t);
    const [one, two] = [testImage('one'), testImage('two')];
    const index = rawIndex([one.manifest.descriptor, two.manifest.descriptor], OCI_INDEX);
    const repository = testClient(t).repository(registry.name, 'multi');
    const sink = repository.openSink('latest');
    for (const image of [one, two]) {
      await Promise.all([sink.put(image.layer, registry.ctx), sink.put(image.config, registry.ctx)]);
      await sink.putManifest(image.manifest, registry.ctx);
    }
    await sink.putManifest(index, registry.ctx);
    sink.tag(undefined, index.descriptor);
    await sink.commit(registry.ctx);
    assert.equal((await repository.resolve('latest', registry.ctx)).descriptor.digest, index.descriptor.digest);
    assert.deepEqual(await repository.tags(registry.ctx), ['latest']);
    await repository.resolve(one.manifest.descriptor.digest, registry.ctx);
  });

  it('a name that is no tag is refused before anything is sent', async (t) => {
    const registry = await startRegistry(t);
    const sink = testClient(t).repository(registry.name, 'app').openSink('v1');
    assert.throws(() => sink.tag('example.com/app:v1', testImage('a').manifest.descriptor), {
      code: 'REFERENCE_INVALID',
    });
  });

  it('tags are listed page by page, and a list that never ends is an error', async (t) => {
    let isLooping = false;
    const registry = await startRegistry(t, {
      intercept: ({ path }) => {
        if (!path.startsWith('/v2/app/tags/list')) return undefined;
        if (isLooping)
          return {
            kind: 'answer',
            status: 200,
            headers: { link: '</v2/app/tags/list?n=1>; rel="next"' },
            body: '{"tags":["a"]}',
          };
        return path.includes('last=')
          ? undefined
          : { kind: 'answer', status: 200, headers: { link: '<list?last=a>; rel="next"' }, body: '{"tags":["a"]}' };
      },
    });
    const client = testClient(t);
    const repository = await repositoryWith(client, registry, testImage('a'));
    await pushImage(repository.openSink('v9'), testImage('a'), registry.ctx);
    assert.deepEqual(await repository.tags(registry.ctx), ['a', 'latest', 'v9']);
    isLooping = true;
    await assert.rejects(() => repository.tags(registry.ctx), { code: 'REGISTRY_ERROR' });
  });

  it('access checks pass where access is, and an absent image passes the read check', async (t) => {
    const registry = await startRegistry(t);
    const repository = testClient(t).repository(registry.name, 'none');
    await repository.checkRead('latest', registry.ctx);
    await repository.checkWrite(registry.ctx);
    assert.deepEqual(
      registry.requests.map(({ method, status }) => `${method} ${String(status)}`),
      ['HEAD 404', 'POST 202', 'DELETE 204'],
    );
  });

  it('a registry name can be mapped to another address', async (t) => {
    const registry = await startRegistry(t);
    const client = testClient(t, { addresses: new Map([['registry.example.com', registry.url]]) });
    const repository = client.repository('registry.example.com', 'app');
    await pushImage(repository.openSink('latest'), testImage('a'), registry.ctx);
    assert.equal(repository.description, 'registry.example.com/app');
  });

  it('switched off, the network is not touched and the error says who asked', async (t) => {
    const registry = await startRegistry(t);
    const repository = testClient(t, { offline: true }).repository(registry.name, 'app');
    await assert.rejects(() => repository.resolve('latest', registry.ctx), {
      code: 'REGISTRY_UNREACHABLE',
      details: { request: 'GET /v2/app/manifests/latest' },
    });
    assert.equal(registry.requests.length, 0);
  });
});
