import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SlipwayError } from '../../src/core/errors.ts';
import { trustedRealm, type RealmOptions } from '../../src/registry/realm.ts';

const OPTIONS: RealmOptions = { insecure: ['registry.example', 'tokens.example', '10.0.0.1:5000', 'auth.lan:8080'] };
const OUTSIDE = 'https://registry.acme.example';

describe('the token endpoint that a registry names', () => {
  for (const [realm, base, isTrusted] of [
    // its own host, and its site
    ['https://registry.acme.example/t', OUTSIDE, true],
    ['https://registry.acme.example:5001/t', OUTSIDE, true],
    ['https://auth.acme.example/t', OUTSIDE, true],
    ['https://acme.example/jwt/auth', OUTSIDE, true],
    ['https://auth.docker.io/token', 'https://index.docker.io', true],
    ['https://gitlab.acme.co.uk/t', 'https://registry.acme.co.uk', true],
    ['https://10.0.0.7:5001/t', 'https://10.0.0.7:5000', true],
    ['http://127.0.0.1:5001/t', 'http://127.0.0.1:5000', true],
    ['http://localhost:5001/t', 'http://127.0.0.1:5000', true],
    // other hosts
    ['https://auth.other.example/t', OUTSIDE, false],
    ['https://notacme.example/t', OUTSIDE, false],
    ['https://acme.example.evil.example/t', OUTSIDE, false],
    ['https://tokens.co.uk/t', 'https://registry.co.uk', false],
    ['https://auth.example.com/t', 'http://127.0.0.1:5000', false],
    // private addresses
    ['https://127.0.0.1/t', OUTSIDE, false],
    ['https://localhost/t', OUTSIDE, false],
    ['https://[::1]/t', OUTSIDE, false],
    ['https://[::ffff:127.0.0.1]/t', OUTSIDE, false],
    ['https://2130706433/t', OUTSIDE, false],
    ['https://10.1.2.3/t', OUTSIDE, false],
    ['https://192.168.0.1/t', OUTSIDE, false],
    ['https://169.254.169.254/latest', OUTSIDE, false],
    ['https://10.0.0.1:5000/t', OUTSIDE, true],
    // plain HTTP
    ['http://tokens.example/t', 'http://registry.example', true],
    ['http://tokens.example/t', OUTSIDE, false],
    ['http://registry.acme.example/t', OUTSIDE, false],
    ['http://auth.lan:8080/t', 'http://127.0.0.1:5000', true],
    ['http://auth.example.com/t', 'http://127.0.0.1:5000', false],
    // no addresses
    ['ftp://acme.example/t', OUTSIDE, false],
    ['file:///etc/passwd', OUTSIDE, false],
    ['/t', OUTSIDE, false],
    ['', OUTSIDE, false],
  ] as const)
    it(`${realm} ${isTrusted ? 'gets' : 'never gets'} credentials for ${base}`, () => {
      if (isTrusted) assert.equal(ask(realm, base).href, realm);
      else assert.throws(() => ask(realm, base), { code: 'REGISTRY_UNAUTHORIZED' });
    });

  it('another host is asked without credentials, a private address not at all', () => {
    assert.equal(ask('https://auth.other.example/t', OUTSIDE, { hasCredentials: false }).host, 'auth.other.example');
    assert.throws(() => ask('https://10.1.2.3/t', OUTSIDE, { hasCredentials: false }), {
      code: 'REGISTRY_UNAUTHORIZED',
    });
  });

  it('the opt-in names a host with every port, or one port, and opens no plain HTTP', () => {
    const trusted = (realm: string, ...trustedRealms: string[]): string =>
      ask(realm, OUTSIDE, { hasCredentials: true, trustedRealms }).host;
    assert.equal(trusted('https://auth.other.example/t', 'auth.other.example'), 'auth.other.example');
    assert.equal(trusted('https://10.1.2.3:5001/t', '10.1.2.3'), '10.1.2.3:5001');
    assert.equal(trusted('https://10.1.2.3:5001/t', '10.1.2.3:5001'), '10.1.2.3:5001');
    assert.equal(trusted('https://[fd00::1]:5001/t', '[fd00::1]'), '[fd00::1]:5001');
    assert.throws(() => trusted('https://10.1.2.3:5002/t', '10.1.2.3:5001'), { code: 'REGISTRY_UNAUTHORIZED' });
    assert.throws(() => trusted('https://10.1.2.30/t', '10.1.2.3'), { code: 'REGISTRY_UNAUTHORIZED' });
    assert.throws(() => trusted('http://auth.other.example/t', 'auth.other.example'), {
      code: 'REGISTRY_UNAUTHORIZED',
    });
  });

  it('the error names the endpoint, why, and the opt-in', () => {
    const errorOf = (realm: string): SlipwayError => {
      try {
        ask(realm, OUTSIDE);
      } catch (error) {
        assert.ok(error instanceof SlipwayError);
        return error;
      }
      throw new Error('it did not fail');
    };
    const other = errorOf('https://auth.other.example:444/t?secret=1');
    assert.equal(
      other.message,
      'the token endpoint of registry.acme.example is not trusted: https://auth.other.example:444/t is on another host, which gets no credentials',
    );
    assert.deepEqual(other.hint, { kind: 'trust-realm', host: 'auth.other.example:444' });
    assert.match(errorOf('https://10.1.2.3/t').message, /10\.1\.2\.3\/t is on a private address$/);
    assert.deepEqual(errorOf('https://10.1.2.3/t').hint, { kind: 'trust-realm', host: '10.1.2.3' });
  });
});

function ask(
  realm: string,
  base: string,
  { hasCredentials = true, trustedRealms = [] }: { hasCredentials?: boolean; trustedRealms?: readonly string[] } = {},
): URL {
  const asker = { registry: new URL(base).host, base: new URL(base), hasCredentials };
  return trustedRealm(realm, asker, { ...OPTIONS, trustedRealms });
}
