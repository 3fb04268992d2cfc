import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tracedUrl } from '../../src/registry/trace.ts';
import { pushImage, startRegistry, testClient, testImage } from '../support/registry.ts';

const SECRETS = ['hunter22', 'issued-token', 'signed-state', 'cookie-value'];

describe('a trace of HTTP', () => {
  it('has every request and answer, the body of errors, and no secret', async (t) => {
    const lines: string[] = [];
    let isBroken = false;
    const registry = await startRegistry(t, {
      intercept: ({ headers, path }) => {
        if (isBroken)
          return {
            kind: 'answer',
            status: 403,
            headers: { 'content-type': 'application/json', 'set-cookie': 'a=cookie-value' },
            body: '{"errors":[{"code":"DENIED","message":"no"}],"access_token":"issued-token"}',
          };
        return headers['authorization'] === undefined && path !== '/v2/'
          ? { kind: 'answer', status: 401, headers: { 'www-authenticate': 'Basic realm="here"' } }
          : undefined;
      },
    });
    const client = testClient(t, {
      found: { credentials: { kind: 'basic', username: 'ann', password: 'hunter22' }, trace: [] },
      trace: (text) => void lines.push(text),
    });
    const repository = client.repository(registry.name, 'app');
    await pushImage(repository.openSink('v1'), testImage('a'), registry.ctx);
    isBroken = true;
    await assert.rejects(() => repository.resolve('v1', registry.ctx), { code: 'REGISTRY_DENIED' });
    const text = lines.join('');
    for (const secret of [...SECRETS, Buffer.from('ann:hunter22').toString('base64')])
      assert.equal(text.includes(secret), false, secret);
    assert.match(text, /^#1 \S+Z (?:HEAD|POST|GET) http:\/\/127\.0\.0\.1:\d+\/v2\/app\//);
    assert.match(text, /^#\d+ > authorization: Basic \*\*\*$/m);
    assert.match(text, /^#\d+ < set-cookie: \*\*\*$/m);
    assert.match(text, /^#\d+ < www-authenticate: Basic realm="here"$/m);
    assert.match(text, /^#\d+ < 201 after \d+ ms$/m);
    assert.match(text, /^#\d+ \S+ PUT .* \(1000 bytes\)$/m);
    assert.match(text, /"message":"no".*"access_token":"\*\*\*".* after \d+ ms$/m);
    for (const line of text.trimEnd().split('\n')) assert.match(line, /^#\d+ /);
  });

  it('hides parameters of URLs that are not known to be harmless', () => {
    const url = new URL(
      'https://r.example/v2/app/blobs/uploads/1?digest=sha256:a&_state=signed-state&X-Amz-Signature=x',
    );
    assert.equal(
      tracedUrl(url),
      'https://r.example/v2/app/blobs/uploads/1?digest=sha256:a&_state=***&X-Amz-Signature=***',
    );
  });

  it('a request that fails is told too', async (t) => {
    const { ctx } = await startRegistry(t);
    const lines: string[] = [];
    const client = testClient(t, { trace: (text) => void lines.push(text) });
    await assert.rejects(() => client.repository('127.0.0.1:1', 'app').resolve('v1', ctx), {
      code: 'REGISTRY_UNREACHABLE',
    });
    assert.match(lines.join(''), /^#1 ! .*ECONNREFUSED.* after \d+ ms$/m);
    // Nobody listens on this machine: there is no second try.
    assert.equal(lines.join('').includes('#2'), false);
    assert.deepEqual(ctx.events, []);
  });
});

describe('rate limits', () => {
  it('are told once when a tenth is left, and in the error when nothing is', async (t) => {
    let remaining = 50;
    const registry = await startRegistry(t, {
      intercept: () => ({
        kind: 'answer',
        status: remaining === 0 ? 429 : 404,
        headers: {
          'ratelimit-limit': '100;w=21600',
          'ratelimit-remaining': `${String(remaining)};w=21600`,
          'retry-after': '3600',
        },
      }),
    });
    const repository = testClient(t).repository(registry.name, 'app');
    const ask = (): Promise<unknown> => repository.resolve('v1', registry.ctx).catch((error: unknown) => error);
    await ask();
    assert.deepEqual(registry.ctx.events, []);
    for (remaining of [10, 9]) await ask();
    assert.deepEqual(registry.ctx.events, [
      {
        type: 'warning',
        code: 'RATE_LIMIT',
        message: `${registry.name} limits requests: 10 of 100 requests in 6 h are left`,
      },
    ]);
    remaining = 0;
    await assert.rejects(() => repository.resolve('v1', registry.ctx), {
      code: 'REGISTRY_ERROR',
      details: {
        repository: `${registry.name}/app`,
        request: 'GET /v2/app/manifests/v1',
        status: '429',
        'retry after': '3600',
        'rate limit': '0 of 100 requests in 6 h are left',
      },
    });
  });
});
