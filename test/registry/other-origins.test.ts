import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Context } from '../../src/core/context.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import type { RegistryRepository } from '../../src/registry/client.ts';
import type { Credentials } from '../../src/registry/options.ts';
import type { ServerAuth } from '../../src/registryd/auth.ts';
import type { Fault } from '../../src/registryd/fault.ts';
import type { ServerRequest } from '../../src/registryd/serve.ts';
import { otherOrigin, type OtherOrigin } from '../support/other-origin.ts';
import { patternBytes, pushImage, startRegistry, testClient, testImage } from '../support/registry.ts';

const CANARY = 'c4n4ry-p4ssw0rd';
const ENCODED = Buffer.from(`ann:${CANARY}`).toString('base64');
const BASIC: Credentials = { kind: 'basic', username: 'ann', password: CANARY };
const AUTHS: readonly (readonly [string, ServerAuth, Credentials])[] = [
  ['basic', { kind: 'basic', users: { ann: CANARY } }, BASIC],
  ['bearer', { kind: 'bearer', users: { ann: CANARY } }, BASIC],
  [
    'identity',
    { kind: 'bearer', users: { ann: 'x' }, refreshTokens: { ann: CANARY } },
    { kind: 'identity', token: CANARY },
  ],
];
const LAYER_BYTES = patternBytes('a', 5000);
const IMAGE = testImage('a', LAYER_BYTES.byteLength);

interface Case {
  readonly name: string;
  readonly other: Parameters<typeof otherOrigin>[1];
  readonly intercept: (request: ServerRequest, other: OtherOrigin) => Fault | undefined;
  readonly act: (repository: RegistryRepository, ctx: Context) => Promise<unknown>;
}

const CASES: readonly Case[] = [
  {
    name: 'the redirect of a blob',
    other: () => ({ body: LAYER_BYTES }),
    intercept: ({ method, path }, { url }) =>
      method === 'GET' && path.includes('/blobs/') ? redirect(307, `${url}/storage?signature=1`) : undefined,
    act: async (repository, ctx) => {
      let size = 0;
      for await (const chunk of repository.open(IMAGE.layer.descriptor, ctx)) size += chunk.byteLength;
      assert.equal(size, IMAGE.layer.descriptor.size);
    },
  },
  {
    name: 'the address of an upload',
    other: () => ({ status: 201 }),
    intercept: ({ method, path }, { url }) =>
      method === 'POST' && path.includes('/uploads/')
        ? { kind: 'headers', headers: { location: `${url}/upload?state=1` } }
        : undefined,
    act: (repository, ctx) => repository.openSink('v2').put(testImage('b').layer, ctx),
  },
  {
    name: 'the redirect of an upload',
    other: () => ({ status: 201 }),
    intercept: ({ method }, { url }) =>
      method === 'PUT' || method === 'PATCH' ? redirect(307, `${url}/upload`) : undefined,
    act: (repository, ctx) => repository.openSink('v2').put(testImage('c').layer, ctx),
  },
  {
    name: 'a next page',
    other: () => ({ body: '{"name":"app","tags":["other"]}' }),
    intercept: ({ path }, { url }) =>
      path.includes('/tags/list')
        ? { kind: 'headers', headers: { link: `<${url}/v2/app/tags/list?last=latest>; rel="next"` } }
        : undefined,
    act: (repository, ctx) => repository.tags(ctx),
  },
];

describe('credentials never go to another origin', () => {
  for (const [kind, auth, credentials] of AUTHS)
    for (const { name, other, intercept, act } of CASES)
      it(`${name}, with ${kind} credentials`, async (t) => {
        const elsewhere = await otherOrigin(t, other);
        let armed = false;
        const registry = await startRegistry(t, {
          auth,
          intercept: (request) =>
            armed && request.headers['authorization'] !== undefined && !request.path.startsWith('/token')
              ? intercept(request, elsewhere)
              : undefined,
        });
        const client = testClient(t, { found: { credentials, trace: [] } });
        const repository = client.repository(registry.name, 'app');
        await pushImage(repository.openSink('latest'), IMAGE, registry.ctx);
        armed = true;
        await act(repository, registry.ctx).catch((error: unknown) => assert.ok(error instanceof SlipwayError));
        assert.ok(elsewhere.seen.length > 0, 'the other origin was asked');
        assertClean(elsewhere);
      });

  for (const [kind, auth, credentials] of AUTHS.slice(1))
    it(`the redirect of a token endpoint, with ${kind} credentials`, async (t) => {
      const elsewhere = await otherOrigin(t, () => ({ body: '{"token":"of-another"}' }));
      const registry = await startRegistry(t, {
        auth,
        intercept: ({ path }) => (path.startsWith('/token') ? redirect(307, `${elsewhere.url}/token`) : undefined),
      });
      const repository = testClient(t, { found: { credentials, trace: [] } }).repository(registry.name, 'app');
      await assert.rejects(() => repository.resolve('latest', registry.ctx), SlipwayError);
      assertClean(elsewhere);
    });

  it('a token endpoint on another host is not asked at all before somebody vouches for it', async (t) => {
    const registry = await startRegistry(t, {
      auth: { kind: 'bearer', users: {}, realm: 'https://auth.example.invalid/token' },
    });
    const repository = testClient(t, { found: { credentials: BASIC, trace: [] } }).repository(registry.name, 'app');
    await assert.rejects(() => repository.resolve('latest', registry.ctx), {
      code: 'REGISTRY_UNAUTHORIZED',
      message: `the token endpoint of ${registry.name} is not trusted: https://auth.example.invalid/token is on another host, which gets no credentials`,
    });
    const trusting = testClient(t, {
      found: { credentials: BASIC, trace: [] },
      trustedRealms: ['auth.example.invalid'],
    });
    // Now it is asked; there is nobody of that name.
    await assert.rejects(() => trusting.repository(registry.name, 'app').resolve('latest', registry.ctx), {
      code: 'REGISTRY_UNREACHABLE',
    });
  });
});

function assertClean({ seen }: OtherOrigin): void {
  for (const request of seen) {
    assert.equal(request.headers['authorization'], undefined);
    const text = JSON.stringify(request);
    assert.ok(!text.includes(CANARY) && !text.includes(ENCODED), request.path);
  }
}

function redirect(status: number, location: string): Fault {
  return { kind: 'answer', status, headers: { location } };
}
