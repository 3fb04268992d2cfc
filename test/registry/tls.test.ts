import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { SlipwayError } from '../../src/core/errors.ts';
import { NO_NETWORK_OPTIONS, type NetworkOptions } from '../../src/registry/network-options.ts';
import type { RegistryOptions } from '../../src/registry/options.ts';
import { testCertificate, type TestCertificate } from '../support/certificates.ts';
import { temporaryDirectory } from '../support/context.ts';
import { pushImage, startRegistry, testClient, testImage, type TestRegistry } from '../support/registry.ts';

/** A self-signed certificate for localhost with an EC key, made by `openssl req -x509 -newkey ec`, valid until 2126. */
const EC = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBuTCCAV+gAwIBAgIUFfC3V0SnPG015MhAJeKMp1cTPI0wCgYIKoZIzj0EAwIw
JjESMBAGA1UEAwwJbG9jYWxob3N0MRAwDgYDVQQKDAdFQyB0ZXN0MCAXDTI2MTEy
MzEzMjEzMFoYDzIxMjYxMDMwMTMyMTMwWjAmMRIwEAYDVQQDDAlsb2NhbGhvc3Qx
EDAOBgNVBAoMB0VDIHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAS2uAHo
y/Qli1/GyQkKxagbhbjUGBU7SktrnOwnXgHaw1r8qlUXsSVYTaZ+mJZJAFcB7mAi
6oM40gc74pKCufhpo2kwZzAdBgNVHQ4EFgQUq0385fzi3qojMpHf3aoJlQoaRYsw
HwYDVR0jBBgwFoAUq0385fzi3qojMpHf3aoJlQoaRYswDwYDVR0TAQH/BAUwAwEB
/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwIDSAAwRQIgYSt5zUr7
uoi0NhPFjsiSBHtN8dagNSjh+e0S/nP2L+wCIQCC57l6pIDUiuV6LGkYhEgfi/Ip
nPERJP1s/Uy0YivLVg==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1ksa0dIRVWynaMl8
r5dCh3pvQveO3wF9LKuoQkz+WH+hRANCAAS2uAHoy/Qli1/GyQkKxagbhbjUGBU7
SktrnOwnXgHaw1r8qlUXsSVYTaZ+mJZJAFcB7mAi6oM40gc74pKCufhp
-----END PRIVATE KEY-----
`,
};

describe('TLS to registries', () => {
  it('an authority of --ca-file, SSL_CERT_FILE or SSL_CERT_DIR is trusted, also over an intermediate one', async (t) => {
    const { registry, ca } = await tlsRegistry(t, { hasIntermediate: true });
    const directory = temporaryDirectory(t);
    const file = join(directory, 'ca.pem');
    writeFileSync(file, `some words before\n${ca}`);
    for (const network of [
      { caFiles: [file] },
      { systemCaFiles: ['/nonexistent', file] },
      { caDirectories: [directory] },
    ])
      await push(t, registry, network);
  });

  it('certs.d of a host is for that host and port, the first directory that knows it counts', async (t) => {
    const { registry, ca } = await tlsRegistry(t);
    const [first, second] = [temporaryDirectory(t), temporaryDirectory(t)];
    putFile(second, registry.name, 'ca.crt', ca);
    const client = testClient(t, { network: { ...NO_NETWORK_OPTIONS, certsDirectories: [first, second] } });
    await pushImage(client.repository(registry.name, 'app').openSink('v1'), testImage('a'), registry.ctx);
    const other = await tlsRegistry(t);
    const error = await refusal(t, other.registry, { certsDirectories: [first, second] });
    assert.equal(error.details['reason'], 'UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  it('an issuer that is not trusted: which certificate, its subject, issuer and dates, and what to do', async (t) => {
    const { registry, issuer } = await tlsRegistry(t, { hasIntermediate: true });
    const error = await refusal(t, registry, {});
    assert.equal(error.code, 'REGISTRY_UNREACHABLE');
    assert.equal(error.message, 'registry.test could not be reached: the issuer of its certificate is not trusted');
    assert.equal(error.details['certificate'], `2 of 2: CN=${issuer} intermediate`);
    assert.equal(error.details['issued by'], `CN=${issuer}`);
    assert.match(error.details['valid'] ?? '', /^from \d{4}-\d\d-\d\d \d\d:\d\d UTC to \d{4}-/);
    assert.equal(error.details['chain'], `CN=127.0.0.1 < CN=${issuer} intermediate`);
    assert.match(JSON.stringify(error.hint), /--ca-file FILE.*certs\.d\/127\.0\.0\.1:\d+\/ca\.crt/);
    assert.deepEqual(registry.requests, []);
  });

  it('expired, not yet valid, for another host: each is told apart, once, without another try', async (t) => {
    const cases: readonly (readonly [TestCertificate, string, RegExp])[] = [
      [{ validDays: { from: -20, to: -10 }, hasIntermediate: true }, 'CERT_HAS_EXPIRED', /has expired/],
      [{ validDays: { from: 10, to: 20 } }, 'CERT_NOT_YET_VALID', /not valid yet/],
      [{ hosts: ['other.example'] }, 'ERR_TLS_CERT_ALTNAME_INVALID', /for another host than 127\.0\.0\.1/],
    ];
    for (const [issue, code, message] of cases) {
      const { registry, ca } = await tlsRegistry(t, issue);
      const error = await refusal(t, registry, { caFiles: [writePem(t, ca)] });
      assert.equal(error.details['reason'], code);
      assert.match(error.message, message);
      assert.match(error.details['certificate'] ?? '', /^1 of /);
      if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') assert.equal(error.details['made for'], 'DNS:other.example');
      assert.deepEqual(registry.requests, []);
      assert.deepEqual(registry.ctx.events, []);
    }
  });

  it('a self-signed certificate with an EC key is described too, and may be trusted itself', async (t) => {
    const registry = await startRegistry(t, { tls: EC });
    const error = await refusal(t, registry, {}, 'localhost');
    assert.match(error.message, /its certificate is self-signed$/);
    assert.equal(error.details['certificate'], '1 of 1: CN=localhost, O=EC test');
    await push(t, registry, { caFiles: [writePem(t, EC.cert)] }, 'localhost');
  });

  it('a client certificate of certs.d is shown where it is asked for, and missed where it is not there', async (t) => {
    const client = await testCertificate({ hosts: ['ann'], isClient: true });
    const server = await testCertificate();
    const registry = await startRegistry(t, { tls: { cert: server.cert, key: server.key, clientCa: client.ca } });
    const [full, half] = [temporaryDirectory(t), temporaryDirectory(t)];
    for (const directory of [full, half]) putFile(directory, registry.name, 'ca.crt', server.ca);
    putFile(full, registry.name, 'client.cert', client.cert);
    putFile(full, registry.name, 'client.key', client.key);
    const open = (directory: string) =>
      testClient(t, { network: { ...NO_NETWORK_OPTIONS, certsDirectories: [directory] } }).repository(
        registry.name,
        'app',
      );
    await pushImage(open(full).openSink('v1'), testImage('a'), registry.ctx);
    await assert.rejects(
      () => open(half).resolve('v1', registry.ctx),
      (error) => error instanceof SlipwayError && error.code === 'REGISTRY_UNREACHABLE',
    );
    putFile(half, registry.name, 'client.cert', client.cert);
    await assert.rejects(() => open(half).resolve('v1', registry.ctx), {
      code: 'FILE_INVALID',
      message: `${join(half, registry.name, 'client.cert')} has no .key beside it`,
    });
    putFile(half, registry.name, 'client.key', server.key);
    await assert.rejects(() => open(half).resolve('v1', registry.ctx), { code: 'FILE_INVALID' });
  });

  it('files of authorities that are missing or none are named', async (t) => {
    const { registry } = await tlsRegistry(t);
    const none = writePem(t, 'not a certificate');
    const broken = writePem(t, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    for (const [file, code] of [
      ['/nonexistent/ca.pem', 'FILE_NOT_FOUND'],
      [none, 'FILE_INVALID'],
      [broken, 'FILE_INVALID'],
    ] as const)
      await assert.rejects(
        () => resolveOver(t, registry, { caFiles: [file] }),
        (error) => error instanceof SlipwayError && error.code === code && error.message.includes(file),
      );
  });

  it('listed as https://host: any certificate is taken, with one warning; listed by name it is plain HTTP', async (t) => {
    const { registry } = await tlsRegistry(t);
    const client = testClient(t, { insecure: [`https://${registry.name}`] });
    await pushImage(client.repository(registry.name, 'app').openSink('v1'), testImage('a'), registry.ctx);
    const warnings = registry.ctx.events.filter((event) => event.type === 'warning');
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['TLS_NOT_VERIFIED'],
    );
    const other = await tlsRegistry(t);
    await assert.rejects(
      () => resolveOver(t, other.registry, {}, { insecure: [`https://${registry.name}`] }),
      (error) => error instanceof SlipwayError && error.details['reason'] === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    );
    await assert.rejects(() => client.repository(other.registry.name, 'app').resolve('v1', registry.ctx), SlipwayError);
  });
});

interface Issued {
  readonly registry: TestRegistry;
  readonly ca: string;
  /** Common name of the authority. */
  readonly issuer: string;
}

async function tlsRegistry(t: TestContext, options: TestCertificate = {}): Promise<Issued> {
  const { ca, ...tls } = await testCertificate(options);
  const issuer = /CN=(.*)/.exec(new X509Certificate(ca).subject)?.[1] ?? '';
  return { registry: await startRegistry(t, { tls }), ca, issuer };
}

/** Asks the registry over HTTPS although it is on loopback. */
function resolveOver(
  t: TestContext,
  registry: TestRegistry,
  network: Partial<NetworkOptions>,
  options: Partial<RegistryOptions> & { readonly host?: string } = {},
): Promise<unknown> {
  const { host = '127.0.0.1', ...rest } = options;
  const port = registry.name.split(':').at(-1) ?? '';
  const addresses = new Map([['registry.test', `https://${host}:${port}`]]);
  const client = testClient(t, { network: { ...NO_NETWORK_OPTIONS, ...network }, addresses, ...rest });
  return client.repository('registry.test', 'app').resolve('v1', registry.ctx);
}

async function push(t: TestContext, registry: TestRegistry, network: Partial<NetworkOptions>, host = '127.0.0.1') {
  const port = registry.name.split(':').at(-1) ?? '';
  const addresses = new Map([['registry.test', `https://${host}:${port}`]]);
  const client = testClient(t, { network: { ...NO_NETWORK_OPTIONS, ...network }, addresses });
  await pushImage(client.repository('registry.test', 'app').openSink('v1'), testImage('a'), registry.ctx);
}

async function refusal(
  t: TestContext,
  registry: TestRegistry,
  network: Partial<NetworkOptions>,
  host = '127.0.0.1',
): Promise<SlipwayError> {
  const error: unknown = await resolveOver(t, registry, network, { host }).catch((reason: unknown) => reason);
  assert.ok(error instanceof SlipwayError, String(error));
  return error;
}

function writePem(t: TestContext, text: string): string {
  const file = join(temporaryDirectory(t), 'ca.pem');
  writeFileSync(file, text);
  return file;
}

function putFile(directory: string, host: string, name: string, text: string): void {
  mkdirSync(join(directory, host), { recursive: true });
  writeFileSync(join(directory, host, name), text);
}
