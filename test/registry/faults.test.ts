import assert from 'node:assert/strict';
import { createServer as createTcpServer } from 'node:net';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { collect } from '../../src/core/bytes.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import type { Fault } from '../../src/registryd/fault.ts';
import type { ServeOptions, ServerRequest } from '../../src/registryd/serve.ts';
import {
  patternBytes,
  pushImage,
  repositoryWith,
  startRegistry,
  testBlob,
  testClient,
  testImage,
} from '../support/registry.ts';

describe('registry faults', () => {
  it('429 with Retry-After is waited for and tried again (G-09, GAP-19)', async (t) => {
    const faults = nth('GET', '/manifests/', [
      { kind: 'answer', status: 429, headers: { 'retry-after': '0' } },
      { kind: 'answer', status: 429, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:00:00 GMT' } },
    ]);
    const registry = await startRegistry(t, { intercept: faults });
    const repository = await repositoryWith(testClient(t), registry, testImage('a'));
    await repository.resolve('latest', registry.ctx);
    const retries = registry.ctx.events.filter((event) => event.type === 'http.retry');
    assert.deepEqual(
      retries.map(({ attempt, delayMs, reason }) => [attempt, delayMs, reason]),
      [
        [1, 0, `${registry.name} answered 429`],
        [2, 0, `${registry.name} answered 429`],
      ],
    );
  });

  it('a registry that asks for an hour is not waited for', async (t) => {
    const body = '{"errors":[{"code":"TOOMANYREQUESTS","message":"pull rate limit"}]}';
    const registry = await startRegistry(t, {
      intercept: () => ({ kind: 'answer', status: 429, headers: { 'retry-after': '3600' }, body }),
    });
    await assert.rejects(() => testClient(t).repository(registry.name, 'app').resolve('v1', registry.ctx), {
      code: 'REGISTRY_ERROR',
      details: {
        repository: `${registry.name}/app`,
        request: 'GET /v2/app/manifests/v1',
        status: '429',
        'registry says': 'TOOMANYREQUESTS: pull rate limit',
        'retry after': '3600',
      },
    });
    assert.equal(registry.requests.length, 1);
  });

  it('a burst of 500 passes; one without end is an error after the last try (G-07, GAP-19)', async (t) => {
    let isBroken = false;
    const burst = nth('HEAD', '/blobs/', [500, 502].map(status));
    const registry = await startRegistry(t, {
      intercept: (request) => (isBroken ? status(503) : burst(request)),
    });
    const repository = await repositoryWith(testClient(t), registry, testImage('a'));
    isBroken = true;
    registry.requests.length = 0;
    await assert.rejects(() => repository.resolve('latest', registry.ctx), { code: 'REGISTRY_ERROR' });
    assert.equal(registry.requests.length, 3);
  });

  it('errors that another try cannot change are not tried again (G-07, GAP-19)', async (t) => {
    for (const code of [400, 401, 403, 404, 501]) {
      const registry = await startRegistry(t, { intercept: () => status(code) });
      await assert.rejects(
        () => testClient(t).repository(registry.name, 'app').resolve('v1', registry.ctx),
        SlipwayError,
      );
      assert.equal(registry.requests.length, 1);
    }
  });

  it('a download that is cut goes on where it stood and is verified as a whole (G-07)', async (t) => {
    const size = 3_000_000;
    const cuts: Fault[] = [1_000_000, 0, 700_000].map((afterBytes) => ({ kind: 'cut', afterBytes }));
    const ranges: (string | undefined)[] = [];
    const faults = nth('GET', '/blobs/', cuts);
    const registry = await startRegistry(t, {
      intercept: (request) => {
        if (request.method === 'GET' && request.path.includes('/blobs/')) ranges.push(request.headers['range']);
        return faults(request);
      },
    });
    const image = testImage('big', size);
    const repository = await repositoryWith(testClient(t), registry, image);
    const bytes = await collect(repository.open(image.layer.descriptor, registry.ctx), size, 'layer');
    assert.ok(bytes.equals(patternBytes('big', size)));
    assert.equal(ranges[0], undefined);
    assert.ok(ranges.length >= 3 && ranges.slice(1).every((range) => range?.startsWith('bytes=')));
    assert.ok(registry.ctx.events.some((event) => event.type === 'http.retry'));
  });

  it('a registry without ranges is read from the start again, without doubled bytes', async (t) => {
    const size = 900_000;
    const image = testImage('big', size);
    let gets = 0;
    const registry = await startRegistry(t, {
      intercept: ({ method, path }) => {
        if (method !== 'GET' || !path.includes('/blobs/')) return undefined;
        gets += 1;
        return gets === 1
          ? { kind: 'cut', afterBytes: 300_000 }
          : { kind: 'answer', status: 200, body: patternBytes('big', size) };
      },
    });
    const repository = await repositoryWith(testClient(t), registry, image);
    const bytes = await collect(repository.open(image.layer.descriptor, registry.ctx), size, 'layer');
    assert.ok(bytes.equals(patternBytes('big', size)));
    assert.equal(gets, 2);
  });

  it('a download that is cut every time ends with the reason', async (t) => {
    const registry = await startRegistry(t, {
      intercept: ({ method, path }) =>
        method === 'GET' && path.includes('/blobs/') ? { kind: 'cut', afterBytes: 0 } : undefined,
    });
    const image = testImage('a', 100_000);
    const repository = await repositoryWith(testClient(t), registry, image);
    await assert.rejects(() => collect(repository.open(image.layer.descriptor, registry.ctx), 1e6, 'layer'), {
      code: 'REGISTRY_UNREACHABLE',
    });
  });

  it('a body with another digest, or a longer or shorter one, is CONTENT_MISMATCH', async (t) => {
    const image = testImage('a', 1000);
    for (const body of [patternBytes('x', 1000), patternBytes('a', 1001), patternBytes('a', 999)]) {
      const registry = await startRegistry(t, {
        intercept: ({ method, path }) =>
          method === 'GET' && path.includes('/blobs/') ? { kind: 'body', body } : undefined,
      });
      const repository = await repositoryWith(testClient(t), registry, image);
      await assert.rejects(() => collect(repository.open(image.layer.descriptor, registry.ctx), 1e6, 'layer'), {
        code: 'CONTENT_MISMATCH',
      });
    }
  });

  it('a manifest that is not what its digest says, or the header says, is CONTENT_MISMATCH', async (t) => {
    const image = testImage('a');
    const wrong = { 'docker-content-digest': testImage('b').manifest.descriptor.digest };
    const faults: Record<string, Fault> = {
      latest: { kind: 'headers', headers: wrong },
      [image.manifest.descriptor.digest]: { kind: 'answer', status: 200, body: testImage('b').manifest.bytes },
    };
    const registry = await startRegistry(t, {
      intercept: ({ method, path }) => (method === 'GET' ? faults[path.split('/').at(-1) ?? ''] : undefined),
    });
    const repository = await repositoryWith(testClient(t), registry, image);
    for (const target of Object.keys(faults))
      await assert.rejects(() => repository.resolve(target, registry.ctx), { code: 'CONTENT_MISMATCH' });
  });

  it('a manifest without digest header or with odd headers is read by its own digest', async (t) => {
    const image = testImage('a');
    const registry = await startRegistry(t, {
      intercept: ({ method, path }) =>
        method === 'GET' && path.includes('/manifests/')
          ? { kind: 'headers', headers: { 'docker-content-digest': '', 'content-type': 'text/plain' } }
          : undefined,
    });
    const repository = await repositoryWith(testClient(t), registry, image);
    assert.deepEqual((await repository.resolve('latest', registry.ctx)).descriptor, image.manifest.descriptor);
  });

  it('a manifest that is cut in the middle is asked for again (G-07)', async (t) => {
    const registry = await startRegistry(t, {
      intercept: nth('GET', '/manifests/', [{ kind: 'cut', afterBytes: 20 }]),
    });
    const repository = await repositoryWith(testClient(t), registry, testImage('a'));
    registry.requests.length = 0;
    await repository.resolve('latest', registry.ctx);
    assert.equal(
      registry.requests.filter(({ method, path }) => method === 'GET' && path.includes('/manifests/')).length,
      2,
    );
  });

  it('an upload that breaks starts over with a new session and the whole body', async (t) => {
    for (const fault of [{ kind: 'close' }, status(500), status(404)] satisfies Fault[]) {
      const registry = await startRegistry(t, { intercept: nth('PUT', '/blobs/uploads/', [fault]) });
      const blob = testBlob(patternBytes('up', 2_000_000));
      const repository = testClient(t).repository(registry.name, 'app');
      assert.equal(await repository.openSink('v1').put(blob, registry.ctx), 'written');
      assert.equal(registry.requests.filter(({ method }) => method === 'POST').length, 2);
      const bytes = await collect(repository.open(blob.descriptor, registry.ctx), 3e6, 'blob');
      assert.ok(bytes.equals(patternBytes('up', 2_000_000)));
    }
  });

  it('a blob whose bytes are not what its digest says is refused by the registry and not visible', async (t) => {
    const registry = await startRegistry(t);
    const lie = {
      ...testBlob(patternBytes('lie', 5000)),
      descriptor: testBlob(patternBytes('truth', 5000)).descriptor,
    };
    const repository = testClient(t).repository(registry.name, 'app');
    await assert.rejects(() => repository.openSink('v1').put(lie, registry.ctx), { code: 'REGISTRY_ERROR' });
    assert.equal(await repository.has(lie.descriptor, registry.ctx), false);
  });

  it("an error of the blob's own source is not blamed on the registry", async (t) => {
    const registry = await startRegistry(t);
    const { descriptor } = testBlob(patternBytes('a', 100_000));
    // eslint-disable-next-line @typescript-eslint/require-await
    async function* broken(): AsyncIterable<Uint8Array> {
      yield patternBytes('a', 1000);
      throw new SlipwayError('FILE_CHANGED', 'the file changed');
    }
    await assert.rejects(
      () =>
        testClient(t).repository(registry.name, 'app').openSink('v1').put({ descriptor, open: broken }, registry.ctx),
      { code: 'FILE_CHANGED' },
    );
  });

  it('redirects that never end are an error', async (t) => {
    const registry = await startRegistry(t, {
      intercept: ({ path }) => ({ kind: 'answer', status: 307, headers: { location: path } }),
    });
    await assert.rejects(() => testClient(t).repository(registry.name, 'app').resolve('v1', registry.ctx), {
      code: 'REGISTRY_ERROR',
      message: /redirects more than/,
    });
  });

  it('a missing image, repository and blob say so with the words of the registry', async (t) => {
    const registry = await startRegistry(t);
    const client = testClient(t);
    const repository = await repositoryWith(client, registry, testImage('a'));
    await assert.rejects(() => repository.resolve('v9', registry.ctx), {
      code: 'IMAGE_NOT_FOUND',
      message: `image ${registry.name}/app:v9 was not found`,
    });
    const says = 'NAME_UNKNOWN: repository none unknown to registry';
    await assert.rejects(
      () => client.repository(registry.name, 'none').resolve('v1', registry.ctx),
      (error: unknown) => error instanceof SlipwayError && error.details['registry says'] === says,
    );
    const blob = testBlob(patternBytes('gone', 10)).descriptor;
    await assert.rejects(() => collect(repository.open(blob, registry.ctx), 10, 'blob'), { code: 'BLOB_NOT_FOUND' });
  });

  it('a refused connection and an unknown host are told apart', async (t) => {
    const ctx = (await startRegistry(t)).ctx;
    const server = createTcpServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    server.close();
    await once(server, 'close');
    const client = testClient(t, { insecure: ['nowhere.invalid:5000'] });
    await assert.rejects(() => client.repository(`127.0.0.1:${String(port)}`, 'app').resolve('v1', ctx), {
      code: 'REGISTRY_UNREACHABLE',
      message: `127.0.0.1:${String(port)} could not be reached: the connection was refused`,
    });
    await assert.rejects(() => client.repository('nowhere.invalid:5000', 'app').resolve('v1', ctx), {
      code: 'REGISTRY_UNREACHABLE',
      message: /the host name could not be resolved/,
    });
  });

  it('TLS on loopback and plain HTTP behind https are named as such', async (t) => {
    const registry = await startRegistry(t);
    const port = new URL(registry.url).port;
    const secure = testClient(t, { addresses: new Map([['registry.example.com', `https://127.0.0.1:${port}`]]) });
    await assert.rejects(() => secure.repository('registry.example.com', 'app').resolve('v1', registry.ctx), {
      code: 'REGISTRY_INSECURE',
      hint: { kind: 'allow-insecure', registry: 'registry.example.com' },
    });
    // A TLS server answers a plain request with an alert record.
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 0x46])));
    });
    server.listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const address = server.address();
    const name = `127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
    await assert.rejects(() => testClient(t).repository(name, 'app').resolve('v1', registry.ctx), {
      code: 'REGISTRY_UNREACHABLE',
      message: /it may speak TLS/,
    });
  });

  it('a stopped command ends a transfer at once with its own reason', async (t) => {
    const registry = await startRegistry(t, {
      intercept: ({ method }) => (method === 'GET' ? { kind: 'delay', ms: 200 } : undefined),
    });
    const stop = new AbortController();
    const ctx = { ...registry.ctx, signal: stop.signal };
    const repository = testClient(t).repository(registry.name, 'app');
    await pushImage(repository.openSink('latest'), testImage('a'), registry.ctx);
    const reading = repository.resolve('latest', ctx);
    stop.abort(new SlipwayError('INTERRUPTED', 'stopped'));
    await assert.rejects(() => reading, { code: 'INTERRUPTED' });
  });
});

function status(code: number): Fault {
  return { kind: 'answer', status: code, body: '' };
}

/** The faults one after the other for requests of a method and path part, then none. */
function nth(method: string, part: string, faults: readonly Fault[]): NonNullable<ServeOptions['intercept']> {
  let next = 0;
  return (request: ServerRequest) => {
    if (request.method !== method || !request.path.includes(part)) return undefined;
    next += 1;
    return faults[next - 1];
  };
}
