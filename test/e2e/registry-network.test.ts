import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { testCertificate } from '../support/certificates.ts';
import { temporaryDirectory } from '../support/context.ts';
import { startProxy } from '../support/connect-proxy.ts';
import { lifecycle, slipway } from '../support/program.ts';
import { startRegistry } from '../support/registry.ts';

describe('how registries are reached by the programs', () => {
  it('--ca-file, SLIPWAY_CA_FILE and certs.d below HOME hold for commands and phases, over a proxy too', async (t) => {
    const directory = temporaryDirectory(t);
    const { ca, ...tls } = await testCertificate({ hosts: ['registry.test'] });
    const registry = await startRegistry(t, { tls });
    const port = Number(registry.name.split(':').at(-1));
    const proxy = await startProxy(t, { routes: new Map([['registry.test:443', port]]) });
    const file = join(directory, 'ca.pem');
    const certs = join(directory, 'home', '.config', 'containers', 'certs.d', 'registry.test');
    const trace = join(directory, 'trace.txt');
    mkdirSync(certs, { recursive: true });
    writeFileSync(file, ca);
    writeFileSync(join(certs, 'ca.crt'), ca);
    const env = { HTTPS_PROXY: `http://ann:secret@${proxy.address}`, HOME: directory };
    const image = 'registry.test/shop:v1';
    const inspected = await slipway(['inspect', image, '--ca-file', file, '--trace-http', trace], { env });
    assert.equal(inspected.code, 1, inspected.stderr);
    assert.match(inspected.stderr, /IMAGE_NOT_FOUND/);
    assert.match(readFileSync(trace, 'utf8'), /GET https:\/\/registry\.test\/v2\/shop\/manifests\/v1/);
    assert.equal(statSync(trace).mode & 0o777, 0o600);
    const [taken, untrusted] = await Promise.all([
      slipway(['inspect', image, '--insecure-registry', 'https://registry.test'], { env }),
      slipway(['inspect', image], { env }),
    ]);
    assert.match(taken.stderr, /the certificate of registry\.test is not verified: it is listed insecure/);
    assert.match(untrusted.stderr, /the issuer of its certificate is not trusted/);
    assert.match(untrusted.stderr, /CN=Slipway registry/);
    assert.match(untrusted.stderr, /--ca-file FILE/);
    const layers = join(directory, 'layers');
    mkdirSync(layers);
    const analyze = ['-layers', layers, '-run-image', image, 'registry.test/shop'];
    for (const given of [{ SLIPWAY_CA_FILE: file }, { HOME: join(directory, 'home') }]) {
      const analyzed = await lifecycle('analyzer', analyze, { env: { ...env, ...given } });
      assert.match(analyzed.stdout + analyzed.stderr, /registry\.test\/shop:v1 was not found/);
    }
    for (const { stdout, stderr } of [inspected, untrusted]) assert.equal((stdout + stderr).includes('secret'), false);
  });

  it('--offline and SLIPWAY_OFFLINE: who asked is named, and nothing is sent', async (t) => {
    const directory = temporaryDirectory(t);
    const registry = await startRegistry(t);
    const image = `${registry.name}/shop`;
    const inspected = await slipway(['inspect', image, '--offline']);
    assert.match(
      inspected.stderr,
      /image docker:\/\/.*: .* is not asked: the network is switched off|image .*shop.*: .* is not asked/,
    );
    const env = { SLIPWAY_OFFLINE: 'true' };
    const analyzed = await lifecycle('analyzer', ['-layers', directory, '-run-image', image, image], { env });
    assert.notEqual(analyzed.code, 0);
    assert.match(analyzed.stdout + analyzed.stderr, /is not asked: the network is switched off/);
    assert.deepEqual(registry.requests, []);
  });

  it('a bad timeout and a bad concurrency are errors of the arguments', async () => {
    const results = await Promise.all([
      slipway(['inspect', '127.0.0.1:1/shop', '--timeout', 'soon']),
      slipway(['inspect', '127.0.0.1:1/shop', '--concurrency', '0']),
    ]);
    for (const result of results) {
      assert.equal(result.code, 3);
      assert.match(result.stderr, /ARGUMENT_INVALID/);
    }
  });

  it('a trace on standard error is readable beside the command’s output', async (t) => {
    const registry = await startRegistry(t);
    const result = await slipway(['inspect', `${registry.name}/shop`, '--trace-http', '-']);
    assert.match(result.stderr, /^#1 > user-agent: slipway\//m);
    assert.match(result.stderr, /^#1 < 404 after \d+ ms$/m);
  });
});
