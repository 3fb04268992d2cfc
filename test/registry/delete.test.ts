import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasCode } from '../../src/core/errors.ts';
import { faultScript } from '../../src/registryd/fault-script.ts';
import { pushImage, repositoryWith, startRegistry, testClient, testImage } from '../support/registry.ts';

describe('delete', () => {
  it('a tag goes and its manifest stays; a manifest goes with its tags; a blob is no longer taken to be there', async (t) => {
    const registry = await startRegistry(t);
    const image = testImage('a');
    const repository = await repositoryWith(testClient(t), registry, image);
    await pushImage(repository.openSink('v1'), image, registry.ctx);
    const { digest } = image.manifest.descriptor;
    await repository.delete('v1', registry.ctx);
    assert.deepEqual(await repository.tags(registry.ctx), ['latest']);
    await repository.resolve(digest, registry.ctx);
    await repository.delete(digest, registry.ctx);
    await assert.rejects(() => repository.resolve(digest, registry.ctx), { code: 'IMAGE_NOT_FOUND' });
    await repository.deleteBlob(image.layer.descriptor.digest, registry.ctx);
    assert.equal(await repository.openSink('v2').put(image.layer, registry.ctx), 'written');
  });

  it('what is not there is said to be missing', async (t) => {
    const registry = await startRegistry(t);
    const image = testImage('a');
    const repository = await repositoryWith(testClient(t), registry, image);
    await assert.rejects(() => repository.delete('nope', registry.ctx), { code: 'IMAGE_NOT_FOUND' });
    const { digest } = testImage('b').manifest.descriptor;
    await assert.rejects(() => repository.delete(digest, registry.ctx), { code: 'IMAGE_NOT_FOUND' });
    await assert.rejects(() => repository.deleteBlob(digest, registry.ctx), { code: 'BLOB_NOT_FOUND' });
  });

  it('a registry that deletes nothing, or no tags, is named with what it said and what to do', async (t) => {
    const body = '{"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]}';
    const registry = await startRegistry(t, {
      intercept: faultScript([
        { method: 'DELETE', path: /\/manifests\/latest/, fault: { kind: 'answer', status: 400, body } },
        { method: 'DELETE', path: /./, fault: { kind: 'answer', status: 405, body } },
      ]),
    });
    const image = testImage('a');
    const repository = await repositoryWith(testClient(t), registry, image);
    for (const [name, status, hint] of [
      ['latest', '400', /name the digest/],
      [image.manifest.descriptor.digest, '405', /REGISTRY_STORAGE_DELETE_ENABLED/],
    ] as const)
      await assert.rejects(
        () => repository.delete(name, registry.ctx),
        (error: unknown) =>
          hasCode(error, 'NOT_SUPPORTED') &&
          error.message.startsWith(`${registry.name} does not delete image`) &&
          error.details['status'] === status &&
          error.details['registry says'] === 'UNSUPPORTED: The operation is unsupported.' &&
          error.hint?.kind === 'text' &&
          hint.test(error.hint.text),
      );
  });

  it('repositories are listed page by page; a registry without a catalog says so', async (t) => {
    let hasCatalog = true;
    const registry = await startRegistry(t, {
      intercept: ({ path }) => {
        if (!path.startsWith('/v2/_catalog')) return undefined;
        if (!hasCatalog) return { kind: 'answer', status: 404, body: '404 page not found' };
        return path.includes('last=')
          ? undefined
          : {
              kind: 'answer',
              status: 200,
              headers: { link: '</v2/_catalog?n=1&last=a>; rel="next"' },
              body: '{"repositories":["a"]}',
            };
      },
    });
    const client = testClient(t);
    for (const name of ['a', 'b/c', 'd']) await repositoryWith(client, registry, testImage('a'), name);
    assert.deepEqual(await listed(client.catalog(registry.name, registry.ctx)), ['a', 'b/c', 'd']);
    hasCatalog = false;
    await assert.rejects(() => listed(client.catalog(registry.name, registry.ctx)), { code: 'NOT_SUPPORTED' });
  });
});

async function listed(names: AsyncIterable<string>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const name of names) found.push(name);
  return found;
}
