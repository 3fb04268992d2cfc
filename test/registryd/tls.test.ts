import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { describe, it } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { issueCertificate } from '../../src/core/x509-issue.ts';
import { memoryBackend, serveRegistry } from '../../src/registryd/serve.ts';
import { testContext } from '../support/context.ts';

describe('a registry over HTTPS', () => {
  it('answers who trusts its authority, under every name that it was made for', async (t) => {
    const ctx = testContext(t);
    const { ca, ...tls } = await issueCertificate(['localhost', '127.0.0.1', '::1'], systemClock);
    await using server = await serveRegistry(memoryBackend(), ctx, { tls });
    assert.equal(server.url, `https://127.0.0.1:${String(server.port)}`);
    assert.equal(await statusOf(server.port, { ca, servername: 'localhost' }), 200);
    assert.equal(await statusOf(server.port, { ca }), 200);
    await assert.rejects(() => statusOf(server.port, {}), /unable to verify|self-signed|UNABLE_TO/i);
    await assert.rejects(() => statusOf(server.port, { ca, servername: 'other.example' }), /altnames/);
    const [leaf, authority] = [new X509Certificate(tls.cert), new X509Certificate(ca)];
    assert.equal(authority.ca, true);
    assert.equal(leaf.ca, false);
    assert.ok(leaf.verify(authority.publicKey));
    assert.equal(leaf.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
  });

  it('refuses a key that is not the certificate’s', async (t) => {
    const ctx = testContext(t);
    const [one, two] = [await issueCertificate(['a'], ctx.clock), await issueCertificate(['a'], ctx.clock)];
    await assert.rejects(() => serveRegistry(memoryBackend(), ctx, { tls: { cert: one.cert, key: two.key } }), {
      code: 'ARGUMENT_INVALID',
      exit: 3,
    });
  });
});

/** GET /v2/ of the loopback port, with these TLS options only. */
function statusOf(port: number, options: { readonly ca?: string; readonly servername?: string }): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, path: '/v2/', agent: false, ...options }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on('error', reject);
    call.end();
  });
}
