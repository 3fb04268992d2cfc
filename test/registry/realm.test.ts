import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { trustedRealm } from '../../src/registry/realm.ts';

const SECURE = new URL('https://registry.example');
const LISTED = { insecure: ['registry.example', 'tokens.example', '10.0.0.1:5000'] };

describe('the token endpoint that a registry names', () => {
  for (const [realm, base, isTrusted] of [
    ['https://tokens.example/t', SECURE, true],
    ['http://tokens.example/t', new URL('http://registry.example'), true],
    ['http://tokens.example/t', SECURE, false],
    ['http://127.0.0.1:1/t', SECURE, false],
    ['https://192.168.0.1/t', SECURE, false],
    ['https://10.0.0.1:5000/t', SECURE, true],
    ['ftp://tokens.example/t', SECURE, false],
    ['/t', SECURE, false],
  ] as const) {
    it(`${realm} ${isTrusted ? 'gets' : 'never gets'} credentials for ${base.origin}`, () => {
      const ask = (): URL => trustedRealm(realm, 'registry.example', base, LISTED);
      if (isTrusted) assert.equal(ask().href, realm);
      else assert.throws(ask, { code: 'REGISTRY_UNAUTHORIZED' });
    });
  }
});
