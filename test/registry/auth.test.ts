import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { SlipwayError } from '../../src/core/errors.ts';
import { createKeychain } from '../../src/keychain/keychain.ts';
import type { FoundCredentials } from '../../src/registry/options.ts';
import type { ServerAuth } from '../../src/registryd/auth.ts';
import { pushImage, repositoryWith, startRegistry, testClient, testImage } from '../support/registry.ts';

const CANARY = 'c4n4ry-p4ssw0rd';
const USER: FoundCredentials = {
  credentials: { kind: 'basic', username: 'ann', password: CANARY },
  trace: ['~/.docker/config.json: entry for the registry'],
};
const NOBODY: FoundCredentials = { trace: ['~/.docker/config.json: no entry for the registry'] };
const BASIC: ServerAuth = { kind: 'basic', users: { ann: CANARY } };
const BEARER: ServerAuth = { kind: 'bearer', users: { ann: CANARY, bob: 'b' }, pullOnly: ['bob'], anonymousPull: true };

describe('registry authentication', () => {
  for (const auth of [BASIC, BEARER])
    it(`pushes and pulls with ${auth.kind} authentication`, async (t) => {
      const registry = await startRegistry(t, { auth });
      const image = testImage('a');
      const client = testClient(t, { found: USER });
      const base = await repositoryWith(client, registry, image, 'base');
      const app = client.repository(registry.name, 'app');
      const outcome = await app.openSink('v1').put(image.layer, registry.ctx, { origins: [base.origin] });
      assert.equal(outcome, 'mounted');
      await base.resolve('latest', registry.ctx);
    });

  it('credentials come from CNB_REGISTRY_AUTH through the keychain (G-01)', async (t) => {
    const registry = await startRegistry(t, { auth: BASIC });
    const header = `Basic ${Buffer.from(`ann:${CANARY}`).toString('base64')}`;
    const env = { CNB_REGISTRY_AUTH: JSON.stringify({ [`http://${registry.name}/v2/`]: header }) };
    const client = testClient(t, { credentials: createKeychain({ env, home: undefined }) });
    await pushImage(client.repository(registry.name, 'app').openSink('v1'), testImage('a'), registry.ctx);
  });

  it('one token serves all requests of a scope, also those made at the same time', async (t) => {
    const registry = await startRegistry(t, { auth: BEARER });
    const repository = await repositoryWith(testClient(t, { found: USER }), registry, testImage('a'));
    registry.requests.length = 0;
    await Promise.all([1, 2, 3, 4].map(() => repository.resolve('latest', registry.ctx)));
    const fresh = testClient(t).repository(registry.name, 'app');
    await Promise.all([1, 2, 3, 4].map(() => fresh.resolve('latest', registry.ctx)));
    assert.equal(registry.requests.filter(({ path }) => path.startsWith('/token')).length, 1);
  });

  it('a token that has expired is replaced, once', async (t) => {
    let expired = 0;
    const registry = await startRegistry(t, {
      auth: BEARER,
      intercept: ({ path, headers }) => {
        if (!path.includes('/manifests/') || headers['authorization'] === undefined || expired > 0) return undefined;
        expired += 1;
        const challenge = `Bearer realm="http://${headers['host'] ?? ''}/token",service="slipway",error="invalid_token"`;
        return { kind: 'answer', status: 401, headers: { 'www-authenticate': challenge } };
      },
    });
    const image = testImage('a');
    const repository = testClient(t, { found: USER }).repository(registry.name, 'app');
    await pushImage(repository.openSink('latest'), image, registry.ctx);
    assert.equal(expired, 1);
    assert.equal(
      (await repository.resolve('latest', registry.ctx)).descriptor.digest,
      image.manifest.descriptor.digest,
    );
  });

  it('a registry that answers 401 for ever ends with the reason', async (t) => {
    const registry = await startRegistry(t, {
      auth: BEARER,
      intercept: ({ path, headers }) =>
        path.startsWith('/v2/')
          ? {
              kind: 'answer',
              status: 401,
              headers: {
                'www-authenticate': `Bearer realm="http://${headers['host'] ?? ''}/token",service="s",scope="repository:app:pull"`,
              },
              body: '{"errors":[{"code":"UNAUTHORIZED","message":"no luck"}]}',
            }
          : undefined,
    });
    const repository = testClient(t, { found: USER }).repository(registry.name, 'app');
    const error = await failureOf(() => repository.resolve('latest', registry.ctx));
    assert.equal(error.code, 'REGISTRY_UNAUTHORIZED');
    assert.deepEqual(error.details, {
      repository: `${registry.name}/app`,
      request: 'GET /v2/app/manifests/latest',
      status: '401',
      'registry says': 'UNAUTHORIZED: no luck',
      scope: 'repository:app:pull',
      credentials: 'sent',
      'looked in': '~/.docker/config.json: entry for the registry',
    });
    assert.ok(registry.requests.length < 8);
  });

  it('a 401 to an anonymous request says that the image may also not exist, and where credentials were looked up', async (t) => {
    const registry = await startRegistry(t, { auth: BASIC });
    const error = await failureOf(() =>
      testClient(t, { found: NOBODY }).repository(registry.name, 'gone').resolve('v1', registry.ctx),
    );
    assert.equal(error.code, 'REGISTRY_UNAUTHORIZED');
    assert.match(error.message, /without credentials; it may also not exist$/);
    assert.equal(error.details['credentials'], 'none');
    assert.equal(error.details['looked in'], '~/.docker/config.json: no entry for the registry');
    assert.deepEqual(error.hint, { kind: 'log-in', registry: registry.name, place: `${registry.name}/gone` });
    const known = await failureOf(() =>
      testClient(t, { found: USER }).repository(registry.name, 'gone').resolve('v1', registry.ctx),
    );
    assert.equal(known.code, 'IMAGE_NOT_FOUND');
  });

  it('a blob that may not be looked at is refused, and not taken for missing', async (t) => {
    const registry = await startRegistry(t, { auth: BASIC });
    const repository = testClient(t, { found: NOBODY }).repository(registry.name, 'app');
    const error = await failureOf(() => repository.has(testImage('a').layer.descriptor, registry.ctx));
    assert.equal(error.code, 'REGISTRY_UNAUTHORIZED');
  });

  it('who may pull only is told so when pushing, in the access check already', async (t) => {
    const registry = await startRegistry(t, { auth: BEARER });
    const found: FoundCredentials = { credentials: { kind: 'basic', username: 'bob', password: 'b' }, trace: [] };
    const repository = testClient(t, { found }).repository(registry.name, 'app');
    await repository.checkRead('latest', registry.ctx);
    const error = await failureOf(() => repository.checkWrite(registry.ctx));
    assert.equal(error.code, 'REGISTRY_UNAUTHORIZED');
    assert.equal(error.details['scope'], 'repository:app:pull,push');
    assert.equal(
      (await failureOf(() => repository.openSink('v1').put(testImage('a').layer, registry.ctx))).code,
      error.code,
    );
  });

  it('a 403 is denied access, and a read check fails on it with what the registry said', async (t) => {
    const body = '{"errors":[{"code":"DENIED","message":"project is locked"}]}';
    const registry = await startRegistry(t, { intercept: () => ({ kind: 'answer', status: 403, body }) });
    const repository = testClient(t).repository(registry.name, 'app');
    const error = await failureOf(() => repository.checkRead('v1', registry.ctx));
    assert.equal(error.code, 'REGISTRY_DENIED');
    assert.equal(error.details['registry says'], 'DENIED: project is locked');
  });

  it('a redirect to another origin is followed without Authorization', async (t) => {
    const image = testImage('a');
    const seen: (string | undefined)[] = [];
    const other = await listen(t, (headers) => {
      seen.push(headers.authorization);
      return image.manifest.bytes;
    });
    const registry = await startRegistry(t, {
      auth: BASIC,
      intercept: ({ path, headers }) =>
        path.includes('/manifests/') && headers['authorization'] !== undefined
          ? { kind: 'answer', status: 307, headers: { location: `${other}/elsewhere?signature=${CANARY}` } }
          : undefined,
    });
    const raw = await testClient(t, { found: USER }).repository(registry.name, 'app').resolve('v1', registry.ctx);
    assert.equal(raw.descriptor.digest, image.manifest.descriptor.digest);
    assert.deepEqual(seen, [undefined]);
  });

  it('a refresh token is not taken to another origin by a redirect of the token endpoint', async (t) => {
    let asked = 0;
    const other = await listen(t, () => {
      asked += 1;
      return Buffer.from('{"token":"x"}');
    });
    const registry = await startRegistry(t, {
      auth: BEARER,
      intercept: ({ method }) =>
        method === 'POST' ? { kind: 'answer', status: 307, headers: { location: `${other}/token` } } : undefined,
    });
    const found = { credentials: { kind: 'identity', token: CANARY }, trace: [] } as const;
    const error = await failureOf(() =>
      testClient(t, { found }).repository(registry.name, 'private').resolve('v1', registry.ctx),
    );
    assert.equal(error.code, 'REGISTRY_INSECURE');
    assert.equal(asked, 0);
    assert.equal(JSON.stringify([error.message, error.details]).includes(CANARY), false);
  });

  it('a redirect or upload address on plain HTTP outside loopback is not followed', async (t) => {
    const registry = await startRegistry(t, {
      intercept: () => ({ kind: 'answer', status: 307, headers: { location: 'http://example.invalid/x' } }),
    });
    const error = await failureOf(() => testClient(t).repository(registry.name, 'app').resolve('v1', registry.ctx));
    assert.equal(error.code, 'REGISTRY_INSECURE');
  });

  it('no error and no event shows a password or a token, even when the registry repeats it (G-01)', async (t) => {
    const registry = await startRegistry(t, {
      auth: { kind: 'bearer', users: { ann: 'another' } },
      intercept: ({ path, headers }) => {
        if (path.startsWith('/token'))
          return {
            kind: 'answer',
            status: 401,
            body: JSON.stringify({ details: `you sent ${headers['authorization'] ?? ''} that is ${CANARY}` }),
          };
        return path.includes('retry') ? { kind: 'answer', status: 500, body: CANARY } : undefined;
      },
    });
    const client = testClient(t, { found: USER });
    const errors = [
      await failureOf(() => client.repository(registry.name, 'retry').resolve('v1', registry.ctx)),
      await failureOf(() => client.repository(registry.name, 'app').resolve('v1', registry.ctx)),
    ];
    const text = JSON.stringify([errors.map(everything), registry.ctx.events]);
    assert.ok(text.includes('token endpoint'));
    assert.ok(registry.ctx.events.some(({ type }) => type === 'http.retry'));
    assert.ok(!text.includes(CANARY));
    assert.ok(!text.includes(Buffer.from(`ann:${CANARY}`).toString('base64')));
  });
});

async function failureOf(task: () => Promise<unknown>): Promise<SlipwayError> {
  try {
    await task();
  } catch (error) {
    assert.ok(error instanceof SlipwayError, String(error));
    return error;
  }
  throw new Error('it did not fail');
}

/** An error with its causes, as anyone could print it. */
function everything(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return {
    ...Object.fromEntries(Object.entries(error)),
    message: error.message,
    stack: error.stack,
    cause: everything(error.cause),
  };
}

/** A plain HTTP server on loopback; returns its origin. */
async function listen(
  test: TestContext,
  answer: (headers: { authorization?: string | undefined }, path: string) => Uint8Array,
): Promise<string> {
  const server = createServer((request, response) => {
    response.end(answer(request.headers, request.url ?? ''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => server.closeAllConnections());
  test.after(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
}
