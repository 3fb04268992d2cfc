import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readNetworkOptions } from '../../src/registry/network-options.ts';

const PLACE = { env: {}, home: '/home/ann', cwd: '/work' };

describe('network options', () => {
  it('name the usual places and nothing else when nothing is set', () => {
    const options = readNetworkOptions(PLACE);
    assert.deepEqual(options.caFiles, []);
    assert.deepEqual(options.certsDirectories, [
      '/home/ann/.config/containers/certs.d',
      '/etc/containers/certs.d',
      '/etc/docker/certs.d',
    ]);
    assert.deepEqual(options.registriesConf, {
      files: ['/home/ann/.config/containers/registries.conf', '/etc/containers/registries.conf'],
      directories: ['/etc/containers/registries.conf.d', '/home/ann/.config/containers/registries.conf.d'],
      isNamed: false,
    });
    assert.deepEqual(options.proxy, { no: '' });
    assert.equal(options.timeoutMs, undefined);
  });

  it('come from variables, and from flags before those; paths are of the working directory', () => {
    const env = {
      SLIPWAY_CA_FILE: 'a.pem,/b.pem',
      SSL_CERT_FILE: 'own.pem',
      SSL_CERT_DIR: '/certs:relative::/more',
      SLIPWAY_TIMEOUT: '2m',
      SLIPWAY_TRACE_HTTP: 'trace.txt',
      CONTAINERS_REGISTRIES_CONF: 'registries.conf',
      https_proxy: 'http://small:1',
      HTTPS_PROXY: 'http://large:1',
      HTTP_PROXY: '',
      no_proxy: 'a,b',
    };
    const options = readNetworkOptions({ ...PLACE, env });
    assert.deepEqual(options.caFiles, ['/work/a.pem', '/b.pem']);
    assert.deepEqual(options.systemCaFiles, ['/work/own.pem']);
    assert.deepEqual(options.caDirectories, ['/certs', '/more']);
    assert.equal(options.timeoutMs, 120_000);
    assert.equal(options.traceHttp, '/work/trace.txt');
    assert.deepEqual(options.registriesConf, { files: ['/work/registries.conf'], directories: [], isNamed: true });
    assert.deepEqual(options.proxy, { https: { name: 'HTTPS_PROXY', value: 'http://large:1' }, no: 'a,b' });
    const told = readNetworkOptions({ ...PLACE, env }, { caFiles: ['c.pem'], timeout: '7', traceHttp: '-' });
    assert.deepEqual([told.caFiles, told.timeoutMs, told.traceHttp], [['/work/c.pem'], 7000, '-']);
  });

  it('refuse a timeout that is none', () => {
    for (const timeout of ['0', '-1', 'soon', '1h', ''])
      assert.throws(() => readNetworkOptions(PLACE, { timeout }), { code: 'ARGUMENT_INVALID' });
  });
});
