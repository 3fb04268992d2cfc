import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { htpasswdUsers, memoryBackend } from '../../src/registryd/serve.ts';
import { startRegistry, testClient } from '../support/registry.ts';

/** `ann` with the password `secret`, cost 5; another program's `$2y$`. */
const ANN = 'ann:$2y$05$rrAJSCjfY1At/KKwLK42HOyuacwoBZOAFtzoQpLqwodRBI9HOvc2O';

describe('htpasswd', () => {
  it('lets in who has a bcrypt line and the right password', async (t) => {
    const users = htpasswdUsers(`# people\r\n\r\n${ANN}\r\n`, 'users');
    assert.equal(await users.isRight('ann', 'secret'), true);
    assert.equal(await users.isRight('ann', 'secret'), true);
    assert.equal(await users.isRight('ann', 'wrong'), false);
    assert.equal(await users.isRight('bob', 'secret'), false);
    const registry = await startRegistry(t, { backend: memoryBackend(), auth: { kind: 'basic', users } });
    const right = { credentials: { kind: 'basic', username: 'ann', password: 'secret' }, trace: [] } as const;
    await testClient(t, { found: right }).repository(registry.name, 'app').checkWrite(registry.ctx);
    const wrong = { credentials: { ...right.credentials, password: 'wrong' }, trace: [] };
    const refused = testClient(t, { found: wrong }).repository(registry.name, 'app');
    await assert.rejects(() => refused.checkWrite(registry.ctx), { code: 'REGISTRY_UNAUTHORIZED' });
  });

  for (const [what, line, text] of [
    ['apr1', 'ann:$apr1$x$y', 'line 2 of users has an MD5 password (apr1), which is not supported'],
    ['SHA-1', 'ann:{SHA}abc=', 'line 2 of users has a SHA-1 password, which is not supported'],
    ['crypt', 'ann:$6$salt$hash', 'line 2 of users has a SHA-2 crypt password, which is not supported'],
    ['plain', 'ann:secret', 'line 2 of users has a password that is not hashed with bcrypt'],
    ['cut bcrypt', 'ann:$2y$05$short', 'line 2 of users has a malformed bcrypt password'],
    ['no name', ':x', 'line 2 of users is not NAME:HASH'],
    ['no colon', 'hello', 'line 2 of users is not NAME:HASH'],
  ] as const) {
    it(`refuses ${what} with file and line, and never shows the hash`, () => {
      assert.throws(() => htpasswdUsers(`# x\n${line}\n`, 'users'), {
        code: 'ARGUMENT_INVALID',
        exit: 3,
        message: text,
      });
    });
  }
});
