import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SlipwayError } from '../../src/core/errors.ts';
import { NO_NETWORK_OPTIONS, type NetworkOptions } from '../../src/registry/network-options.ts';
import { isExempt, proxyFor } from '../../src/registry/proxy.ts';
import { testCertificate } from '../support/certificates.ts';
import { startProxy } from '../support/connect-proxy.ts';
import { temporaryDirectory } from '../support/context.ts';
import { pushImage, startRegistry, testClient, testImage } from '../support/registry.ts';

describe('proxies', () => {
  it('NO_PROXY takes hosts, what is below them, ports, addresses, ranges and a star', () => {
    const cases: readonly (readonly [string, string, boolean])[] = [
      ['https://registry.example', 'registry.example', true],
      ['https://a.registry.example', 'registry.example', true],
      ['https://aregistry.example', 'registry.example', false],
      ['https://registry.example.evil', 'registry.example', false],
      ['https://registry.example', '.registry.example', false],
      ['https://a.registry.example', '.registry.example', true],
      ['https://a.registry.example', '*.registry.example', true],
      ['https://REGISTRY.example', 'Registry.Example', true],
      ['https://registry.example', 'other, registry.example:443', true],
      ['https://registry.example:5000', 'registry.example:443', false],
      ['http://registry.example', 'registry.example:80', true],
      ['https://10.1.2.3', '10.0.0.0/8', true],
      ['https://11.1.2.3', '10.0.0.0/8', false],
      ['https://ten.example', '10.0.0.0/8', false],
      ['https://10.1.2.3', '10.1.2.3', true],
      ['https://10.1.2.3:5000', '10.1.2.3:5000', true],
      ['https://[fd00::1]', 'fd00::/8', true],
      ['https://[fd00::1]', 'fd00:0::1', true],
      ['https://[fd00::1]:5000', '[fd00::1]:5000', true],
      ['https://registry.example', '*', true],
      ['https://registry.example', ' , ,', false],
      ['https://10.1.2.3', '10.0.0.0/99 ten/8', false],
    ];
    for (const [url, list, expected] of cases) assert.equal(isExempt(new URL(url), list), expected, `${url} ${list}`);
  });

  it('the variable of the scheme counts, then ALL_PROXY; never for loopback; credentials are not shown', () => {
    const https = { name: 'HTTPS_PROXY', value: 'http://ann:p%40ss@proxy.example:3128/' };
    const all = { name: 'ALL_PROXY', value: 'all.example:1080' };
    const chosen = proxyFor(new URL('https://registry.example'), { https, all, no: '' });
    assert.equal(chosen?.shown, 'http://proxy.example:3128 (HTTPS_PROXY)');
    assert.equal(chosen.authorization, `Basic ${Buffer.from('ann:p@ss').toString('base64')}`);
    assert.equal(chosen.url.href.includes('ann'), false);
    assert.equal(
      proxyFor(new URL('http://registry.example'), { https, all, no: '' })?.shown,
      'http://all.example:1080 (ALL_PROXY)',
    );
    for (const loopback of ['https://localhost', 'https://127.0.0.2:5000', 'https://[::1]'])
      assert.equal(proxyFor(new URL(loopback), { https, all, no: '' }), undefined);
    const socks = { name: 'ALL_PROXY', value: 'socks5://proxy:1080' };
    assert.equal(proxyFor(new URL('https://registry.example'), { all: socks, no: '' }), undefined);
    const bad = { name: 'HTTPS_PROXY', value: 'socks5://ann:secret@proxy:1080' };
    assert.throws(
      () => proxyFor(new URL('https://registry.example'), { https: bad, no: '' }),
      (error) =>
        error instanceof SlipwayError && error.code === 'ARGUMENT_INVALID' && !error.message.includes('secret'),
    );
  });

  it('HTTPS goes through a tunnel, with the proxy’s credentials for the proxy alone', async (t) => {
    const { ca, ...tls } = await testCertificate({ hosts: ['registry.test'] });
    const seen: (string | undefined)[] = [];
    const registry = await startRegistry(t, {
      tls,
      intercept: ({ headers }) => {
        seen.push(headers['proxy-authorization']);
        return undefined;
      },
    });
    const proxy = await startProxy(t, { routes: new Map([['registry.test:443', portOf(registry.name)]]) });
    const caFile = join(temporaryDirectory(t), 'ca.pem');
    writeFileSync(caFile, ca);
    const network = networkWith({
      caFiles: [caFile],
      proxy: { https: { name: 'HTTPS_PROXY', value: `http://ann:secret@${proxy.address}` }, no: '' },
    });
    const repository = testClient(t, { network }).repository('registry.test', 'app');
    await pushImage(repository.openSink('latest'), testImage('a'), registry.ctx);
    assert.equal(
      (await repository.resolve('latest', registry.ctx)).descriptor.digest,
      testImage('a').manifest.descriptor.digest,
    );
    assert.equal(new Set(proxy.asked).size, 1);
    assert.equal(proxy.asked[0], 'CONNECT registry.test:443');
    assert.deepEqual([...new Set(proxy.authorizations)], [`Basic ${Buffer.from('ann:secret').toString('base64')}`]);
    assert.deepEqual([...new Set(seen)], [undefined]);
  });

  it('plain HTTP is asked of the proxy with whole URLs', async (t) => {
    const registry = await startRegistry(t);
    const proxy = await startProxy(t, { routes: new Map([['registry.test:80', portOf(registry.name)]]) });
    const network = networkWith({ proxy: { http: { name: 'HTTP_PROXY', value: proxy.address }, no: '' } });
    const repository = testClient(t, { network, insecure: ['registry.test'] }).repository('registry.test', 'app');
    await pushImage(repository.openSink('latest'), testImage('a'), registry.ctx);
    await repository.resolve('latest', registry.ctx);
    assert.ok(proxy.asked.includes('GET http://registry.test/v2/app/manifests/latest'));
  });

  it('a proxy that refuses or is not there is named, without its password', async (t) => {
    const refusing = await startProxy(t, { routes: new Map(), status: 403 });
    const asking = await startProxy(t, { routes: new Map(), status: 407 });
    const { ctx } = await startRegistry(t);
    const failure = async (address: string, name: string, insecure: readonly string[] = []): Promise<SlipwayError> => {
      const variable = { name: 'ALL_PROXY', value: `http://ann:secret@${address}` };
      const client = testClient(t, { network: networkWith({ proxy: { all: variable, no: '' } }), insecure });
      const error = await client
        .repository(name, 'app')
        .resolve('v1', ctx)
        .catch((reason: unknown) => reason);
      assert.ok(error instanceof SlipwayError);
      assert.equal(JSON.stringify([error.message, error.details, error.hint]).includes('secret'), false);
      return error;
    };
    const refused = await failure(refusing.address, 'registry.test');
    assert.equal(refused.code, 'REGISTRY_UNREACHABLE');
    assert.equal(
      refused.message,
      `registry.test could not be reached: the proxy http://${refusing.address} (ALL_PROXY) answered 403 when asked to connect to registry.test:443`,
    );
    assert.equal(refusing.asked.length, 1);
    for (const insecure of [[], ['registry.test']])
      assert.match((await failure(asking.address, 'registry.test', insecure)).message, /wants other credentials/);
    for (const insecure of [[], ['registry.test']])
      assert.match(
        (await failure('127.0.0.1:1', 'registry.test', insecure)).message,
        /the proxy http:\/\/127\.0\.0\.1:1 \(ALL_PROXY\) could not be used: the connection was refused/,
      );
  });

  it('a registry on loopback is asked directly', async (t) => {
    const registry = await startRegistry(t);
    const proxy = await startProxy(t, { routes: new Map() });
    const variable = { name: 'ALL_PROXY', value: proxy.address };
    const client = testClient(t, { network: networkWith({ proxy: { all: variable, no: '' } }) });
    await pushImage(client.repository(registry.name, 'app').openSink('v1'), testImage('a'), registry.ctx);
    assert.deepEqual(proxy.asked, []);
  });
});

function networkWith(options: Partial<NetworkOptions>): NetworkOptions {
  return { ...NO_NETWORK_OPTIONS, ...options };
}

function portOf(name: string): number {
  return Number(name.split(':').at(-1));
}
