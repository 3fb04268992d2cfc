import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { memoryBackend, serveRegistry } from '../../src/registryd/serve.ts';
import { testContext } from '../support/context.ts';
import { patternBytes, pushImage, startRegistry, testClient, testImage } from '../support/registry.ts';

const BYTES = patternBytes('served', 1000);
const DIGEST = digestOf(BYTES);

describe('registry server', () => {
  it('takes a blob in one request, in POST and PUT, in a stream and in chunks', async (t) => {
    const { url } = await startRegistry(t);
    const start = async (): Promise<string> => {
      const opened = await send(`${url}/v2/app/blobs/uploads/`, { method: 'POST' });
      assert.equal(opened.status, 202);
      return `${url}${opened.headers.get('location') ?? ''}`;
    };
    const ways: readonly (() => Promise<Answered>)[] = [
      () => send(`${url}/v2/app/blobs/uploads/?digest=${DIGEST}`, { method: 'POST', body: BYTES }),
      async () => send(`${await start()}?digest=${DIGEST}`, { method: 'PUT', body: BYTES }),
      async () => {
        const session = await start();
        assert.equal((await send(session, { method: 'PATCH', body: BYTES })).headers.get('range'), '0-999');
        return send(`${session}?digest=${DIGEST}`, { method: 'PUT' });
      },
      async () => {
        const session = await start();
        const chunk = (from: number, to: number): RequestInit => ({
          method: 'PATCH',
          body: BYTES.subarray(from, to + 1),
          headers: { 'content-range': `${String(from)}-${String(to)}` },
        });
        assert.equal((await send(session, chunk(0, 399))).status, 202);
        const wrong = await send(session, chunk(500, 999));
        assert.deepEqual([wrong.status, wrong.headers.get('range')], [416, '0-399']);
        assert.equal((await send(session)).headers.get('range'), '0-399');
        assert.equal((await send(session, chunk(400, 799))).status, 202);
        return send(`${session}?digest=${DIGEST}`, {
          method: 'PUT',
          body: BYTES.subarray(800),
          headers: { 'content-range': '800-999' },
        });
      },
    ];
    for (const way of ways) {
      const done = await way();
      assert.equal(done.status, 201);
      assert.equal(done.headers.get('docker-content-digest'), DIGEST);
      assert.equal(done.headers.get('location'), `/v2/app/blobs/${DIGEST}`);
    }
    const got = await send(`${url}/v2/app/blobs/${DIGEST}`);
    assert.equal(digestOf(got.bytes), DIGEST);
  });

  it('refuses bytes that do not have the stated digest, and forgets them', async (t) => {
    const { url } = await startRegistry(t);
    const other = digestOf(Buffer.from('other'));
    const refused = await send(`${url}/v2/app/blobs/uploads/?digest=${other}`, { method: 'POST', body: BYTES });
    assert.deepEqual([refused.status, refused.code], [400, 'DIGEST_INVALID']);
    for (const digest of [other, DIGEST])
      assert.equal((await send(`${url}/v2/app/blobs/${digest}`, { method: 'HEAD' })).status, 404);
  });

  it('serves ranges', async (t) => {
    const { url } = await startRegistry(t);
    await send(`${url}/v2/app/blobs/uploads/?digest=${DIGEST}`, { method: 'POST', body: BYTES });
    const cases = [
      ['bytes=100-199', 206, 'bytes 100-199/1000', BYTES.subarray(100, 200)],
      ['bytes=900-', 206, 'bytes 900-999/1000', BYTES.subarray(900)],
      ['bytes=-10', 206, 'bytes 990-999/1000', BYTES.subarray(990)],
      ['bytes=900-5000', 206, 'bytes 900-999/1000', BYTES.subarray(900)],
      ['lines=1-2', 200, null, BYTES],
    ] as const;
    for (const [range, status, contentRange, bytes] of cases) {
      const answer = await send(`${url}/v2/app/blobs/${DIGEST}`, { headers: { range } });
      assert.deepEqual([answer.status, answer.headers.get('content-range')], [status, contentRange]);
      assert.ok(Buffer.from(bytes).equals(answer.bytes), range);
    }
    const behind = await send(`${url}/v2/app/blobs/${DIGEST}`, { headers: { range: 'bytes=1000-' } });
    assert.deepEqual([behind.status, behind.headers.get('content-range')], [416, 'bytes */1000']);
  });

  it('lists tags and repositories in pages with a link to the next', async (t) => {
    const registry = await startRegistry(t);
    const client = testClient(t);
    const image = testImage('a');
    for (const name of ['a', 'b/c', 'd'])
      for (const tag of ['v1', 'v2', 'v3'])
        await pushImage(client.repository(registry.name, name).openSink(tag), image, registry.ctx);
    const { url } = registry;
    const first = await send(`${url}/v2/b/c/tags/list?n=2`);
    assert.deepEqual(first.json(), { name: 'b/c', tags: ['v1', 'v2'] });
    assert.equal(first.headers.get('link'), '</v2/b/c/tags/list?n=2&last=v2>; rel="next"');
    const last = await send(`${url}/v2/b/c/tags/list?n=2&last=v2`);
    assert.deepEqual([last.json(), last.headers.get('link')], [{ name: 'b/c', tags: ['v3'] }, null]);
    const catalog = await send(`${url}/v2/_catalog?n=2`);
    assert.deepEqual(catalog.json(), { repositories: ['a', 'b/c'] });
    assert.equal((await send(`${url}/v2/none/tags/list`)).code, 'NAME_UNKNOWN');
  });

  it('refuses manifests that are none, that lie about their digest or name blobs it does not have', async (t) => {
    const registry = await startRegistry(t);
    const { url } = registry;
    const { manifest } = testImage('a');
    const put = (target: string, body: Uint8Array): Promise<Answered> =>
      send(`${url}/v2/app/manifests/${target}`, {
        method: 'PUT',
        body,
        headers: { 'content-type': manifest.descriptor.mediaType },
      });
    assert.equal((await put('v1', Buffer.from('{'))).code, 'MANIFEST_INVALID');
    assert.equal((await put(DIGEST, manifest.bytes)).code, 'DIGEST_INVALID');
    assert.equal((await put('v1', manifest.bytes)).code, 'MANIFEST_BLOB_UNKNOWN');
    assert.equal((await put('-v1', manifest.bytes)).status, 400);
    assert.equal((await put('v1', Buffer.alloc(4 * 1024 * 1024 + 1))).status, 413);
    assert.equal((await send(`${url}/v2/Bad/manifests/v1`)).code, 'NAME_INVALID');
  });

  it('deletes tags, manifests and blobs', async (t) => {
    const registry = await startRegistry(t);
    const image = testImage('a');
    const repository = testClient(t).repository(registry.name, 'app');
    for (const tag of ['v1', 'v2']) await pushImage(repository.openSink(tag), image, registry.ctx);
    const { url } = registry;
    const remove = (path: string): Promise<Answered> => send(`${url}/v2/app/${path}`, { method: 'DELETE' });
    assert.equal((await remove('manifests/v1')).status, 202);
    assert.deepEqual((await send(`${url}/v2/app/tags/list`)).json(), { name: 'app', tags: ['v2'] });
    assert.equal((await remove(`manifests/${image.manifest.descriptor.digest}`)).status, 202);
    assert.equal((await send(`${url}/v2/app/manifests/v2`)).code, 'MANIFEST_UNKNOWN');
    assert.equal((await remove(`blobs/${image.layer.descriptor.digest}`)).status, 202);
    assert.equal((await remove(`blobs/${image.layer.descriptor.digest}`)).code, 'BLOB_UNKNOWN');
  });

  it('read-only, it serves and takes nothing', async (t) => {
    const { url } = await startRegistry(t, { readOnly: true });
    assert.equal((await send(`${url}/v2/`)).status, 200);
    assert.equal((await send(`${url}/v2/app/blobs/uploads/`, { method: 'POST' })).status, 405);
  });

  it('answers an unknown path with 404 and does not stop at nonsense', async (t) => {
    const { url } = await startRegistry(t);
    for (const path of [
      '/',
      '/v1/',
      '/v2/app',
      '/v2/%zz/tags/list',
      '/v2/app/blobs/sha256:xyz',
      '//',
      '/v2//manifests/x',
    ])
      assert.ok([400, 404].includes((await send(`${url}${path}`)).status), path);
    assert.equal(
      (await send(`${url}/v2/app/blobs/uploads/none`, { method: 'PATCH', body: BYTES })).code,
      'BLOB_UPLOAD_UNKNOWN',
    );
  });

  it('refuses an address that is none and one that is taken', async (t) => {
    const registry = await startRegistry(t);
    const ctx = testContext(t);
    await assert.rejects(() => serveRegistry(memoryBackend(), ctx, { listen: 'here' }), { code: 'ARGUMENT_INVALID' });
    await assert.rejects(() => serveRegistry(memoryBackend(), ctx, { listen: registry.name }), {
      code: 'WRITE_FAILED',
    });
  });

  it('stops with its command, after the answers under way', async (t) => {
    const stop = new AbortController();
    const ctx = testContext(t, { signal: stop.signal });
    const begun = new EventTarget();
    const server = await serveRegistry(memoryBackend(), ctx, {
      intercept: () => {
        begun.dispatchEvent(new Event('begun'));
        return { kind: 'delay', ms: 20 };
      },
    });
    const hasBegun = once(begun, 'begun');
    const answer = send(`${server.url}/v2/`);
    await hasBegun;
    stop.abort();
    assert.equal((await answer).status, 200);
    await server[Symbol.asyncDispose]();
    await assert.rejects(() => fetch(`${server.url}/v2/`));
  });

  it('does not start for a command that was stopped', async (t) => {
    const ctx = testContext(t, { signal: AbortSignal.abort(new Error('stopped')) });
    await assert.rejects(serveRegistry(memoryBackend(), ctx), /stopped/);
  });
});

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** The code of an error body. */
  readonly code: string | undefined;
  readonly json: () => unknown;
}

async function send(url: string, init: RequestInit = {}): Promise<Answered> {
  const response = await fetch(url, init);
  const bytes = Buffer.from(await response.arrayBuffer());
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    code: /"code":"([A-Z_]+)"/.exec(bytes.toString())?.[1],
    json: () => JSON.parse(bytes.toString()) as unknown,
  };
}
