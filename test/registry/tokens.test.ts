import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SlipwayError } from '../../src/core/errors.ts';
import type { CredentialLookup, Credentials } from '../../src/registry/options.ts';
import { createTokenCache } from '../../src/registry/token-cache.ts';
import type { ServerAuth } from '../../src/registryd/auth.ts';
import { testContext } from '../support/context.ts';
import { rejectionOf } from '../support/failure.ts';
import { otherOrigin } from '../support/other-origin.ts';
import {
  pushImage,
  repositoryWith,
  startRegistry,
  testClient,
  testImage,
  type TestRegistry,
} from '../support/registry.ts';

const ANN: Credentials = { kind: 'basic', username: 'ann', password: 'pässword & more' };
const USERS = { ann: 'pässword & more', bob: 'bobs-own' };
const BEARER: ServerAuth = { kind: 'bearer', users: USERS };
const IDENTITY: Credentials = { kind: 'identity', token: 'refresh-me' };

describe('tokens', () => {
  it('a token serves wherever its scopes cover what is needed', async (t) => {
    const registry = await startRegistry(t, { auth: BEARER });
    const client = testClient(t, { found: { credentials: ANN, trace: [] } });
    const base = await repositoryWith(client, registry, testImage('a'), 'base');
    const app = client.repository(registry.name, 'app');
    const sink = app.openSink('v1');
    await sink.put(testImage('a').layer, registry.ctx, { origins: [base.origin] });
    const before = tokenRequests(registry);
    await app.has(testImage('a').layer.descriptor, registry.ctx);
    await base.resolve('latest', registry.ctx);
    assert.deepEqual(tokenRequests(registry), before);
    assert.ok(before.length <= 3, before.join(' '));
  });

  it('two repositories of one registry have their own credentials and tokens', async (t) => {
    const registry = await startRegistry(t, { auth: { ...BEARER, pullOnly: ['bob'] } });
    const credentials: CredentialLookup = {
      find: (_, repository) =>
        Promise.resolve({
          credentials: repository === 'app' ? ANN : { kind: 'basic', username: 'bob', password: USERS.bob },
          trace: [],
        }),
    };
    const client = testClient(t, { credentials });
    await pushImage(client.repository(registry.name, 'app').openSink('latest'), testImage('a'), registry.ctx);
    await assert.rejects(() => client.repository(registry.name, 'other').checkWrite(registry.ctx), {
      code: 'REGISTRY_UNAUTHORIZED',
    });
    await client.repository(registry.name, 'app').checkWrite(registry.ctx);
  });

  it('an identity token goes to the endpoint by POST', async (t) => {
    const registry = await startRegistry(t, { auth: { ...BEARER, refreshTokens: { ann: 'refresh-me' } } });
    const client = testClient(t, { found: { credentials: IDENTITY, trace: [] } });
    await pushImage(client.repository(registry.name, 'app').openSink('v1'), testImage('a'), registry.ctx);
    assert.deepEqual(
      registry.requests.filter(({ path }) => path.startsWith('/token')).map(({ method, path }) => `${method} ${path}`),
      ['POST /token'],
    );
  });

  it('an identity token that is refused is told as one', async (t) => {
    const registry = await startRegistry(t, { auth: { ...BEARER, refreshTokens: { ann: 'another' } } });
    const client = testClient(t, { found: { credentials: IDENTITY, trace: [] } });
    const error = await rejectionOf(client.repository(registry.name, 'app').resolve('v1', registry.ctx));
    assert.equal(error.code, 'REGISTRY_UNAUTHORIZED');
    assert.match(error.message, /refused the identity token$/);
    assert.match(error.details['request'] ?? '', /^POST /);
  });

  it('a refresh token that the endpoint replaces is used from then on, and no scope or service is lost', async (t) => {
    const endpoint = await otherOrigin(t, () => ({
      body: '{"access_token":"t1","refresh_token":"second","expires_in":0}',
    }));
    const registry = await startRegistry(t, {
      intercept: ({ headers }) =>
        headers['authorization'] === undefined
          ? {
              kind: 'answer',
              status: 401,
              headers: { 'www-authenticate': `Bearer realm="${endpoint.url}/token",service="s"` },
            }
          : undefined,
    });
    const client = testClient(t, { found: { credentials: IDENTITY, trace: [] } });
    const repository = client.repository(registry.name, 'app');
    for (let time = 0; time < 2; time += 1)
      await assert.rejects(() => repository.resolve('v1', registry.ctx), { code: 'IMAGE_NOT_FOUND' });
    const forms = endpoint.seen.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
    const common = { grant_type: 'refresh_token', client_id: 'slipway', service: 's', scope: 'repository:app:pull' };
    assert.deepEqual(forms[0], { ...common, refresh_token: 'refresh-me' });
    assert.deepEqual(forms.at(-1), { ...common, refresh_token: 'second' });
  });

  it('the password goes by POST where the endpoint has no GET', async (t) => {
    const registry = await startRegistry(t, { auth: { ...BEARER, tokenMethods: ['POST'] } });
    const client = testClient(t, { found: { credentials: ANN, trace: [] } });
    await pushImage(client.repository(registry.name, 'app').openSink('v1'), testImage('a'), registry.ctx);
    const methods = registry.requests.filter(({ path }) => path.startsWith('/token')).map(({ method }) => method);
    assert.deepEqual(methods, ['GET', 'POST']);
  });

  it('a look-up that failed is made again', async (t) => {
    const registry = await startRegistry(t, { auth: BEARER });
    let times = 0;
    const credentials: CredentialLookup = {
      find: () => {
        times += 1;
        return times === 1
          ? Promise.reject(new SlipwayError('CREDENTIALS_INVALID', 'the file is half written'))
          : Promise.resolve({ credentials: ANN, trace: [] });
      },
    };
    const repository = testClient(t, { credentials }).repository(registry.name, 'app');
    await assert.rejects(() => repository.checkWrite(registry.ctx), { code: 'CREDENTIALS_INVALID' });
    await repository.checkWrite(registry.ctx);
    assert.equal(times, 2);
  });

  it('a token that ends in the middle of an upload is renewed, and the blob arrives', async (t) => {
    let ended = 0;
    const registry = await startRegistry(t, {
      auth: BEARER,
      intercept: ({ method, path, headers }) => {
        if ((method !== 'PUT' && method !== 'PATCH') || !path.includes('/uploads/') || ended > 0) return undefined;
        ended += 1;
        const challenge = `Bearer realm="http://${headers['host'] ?? ''}/token",service="slipway",error="invalid_token"`;
        return { kind: 'answer', status: 401, headers: { 'www-authenticate': challenge } };
      },
    });
    const image = testImage('a', 3_000_000);
    const repository = testClient(t, { found: { credentials: ANN, trace: [] } }).repository(registry.name, 'app');
    await pushImage(repository.openSink('v1'), image, registry.ctx);
    assert.equal(ended, 1);
    assert.equal(tokenRequests(registry).length, 2);
    assert.ok(await repository.has(image.layer.descriptor, registry.ctx));
  });

  it('one request runs at a time, and who began it may be stopped without harm to the others', async (t) => {
    const cache = createTokenCache();
    const controller = new AbortController();
    const first = testContext(t, { signal: controller.signal });
    const second = testContext(t);
    const wish = { owner: 'o', scopes: ['repository:app:pull'] };
    let asked = 0;
    const request = (signal: AbortSignal) => (): Promise<{ value: string; expiresAtMs: number }> => {
      asked += 1;
      return new Promise((done, fail) => {
        if (asked > 1) done({ value: 'fresh', expiresAtMs: Number.MAX_SAFE_INTEGER });
        signal.addEventListener('abort', () => fail(new Error('stopped')));
      });
    };
    const one = cache.get(wish, request(controller.signal), first);
    const two = cache.get(wish, request(second.signal), second);
    const three = cache.get(wish, request(second.signal), second);
    controller.abort();
    await assert.rejects(one, { message: 'stopped' });
    assert.deepEqual(await Promise.all([two, three]), ['fresh', 'fresh']);
    assert.equal(asked, 2);
    assert.equal(await cache.get({ ...wish, owner: 'p' }, request(second.signal), second), 'fresh');
    assert.equal(asked, 3, 'a token of one owner does not serve another');
    await cache.get({ ...wish, not: 'fresh' }, request(second.signal), second);
    assert.equal(asked, 4, 'a refused token is not given again');
  });
});

function tokenRequests(registry: TestRegistry): readonly string[] {
  return registry.requests.filter(({ path }) => path.startsWith('/token')).map(({ path }) => path);
}
