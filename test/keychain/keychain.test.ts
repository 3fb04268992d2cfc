import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createKeychain } from '../../src/keychain/keychain.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import type { FoundCredentials } from '../../src/registry/options.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';

const CANARY = 'c4n4ry-p4ssw0rd';

describe('keychain', () => {
  it('CNB_REGISTRY_AUTH gives basic, bearer and identity credentials; keys may be URLs, schemes in any case (G-01)', async (t) => {
    const auth = JSON.stringify({
      'https://one.example.com/v2/': `bAsIc ${base64('u:p:q')}`,
      'two.example.com:5000': 'Bearer tok',
      'THREE.example.com': 'x-identity refresh',
    });
    const find = finder(t, { CNB_REGISTRY_AUTH: auth });
    assert.deepEqual((await find('one.example.com')).credentials, { kind: 'basic', username: 'u', password: 'p:q' });
    assert.deepEqual((await find('two.example.com:5000')).credentials, { kind: 'bearer', token: 'tok' });
    assert.deepEqual((await find('three.example.com')).credentials, { kind: 'identity', token: 'refresh' });
    assert.deepEqual((await find('two.example.com')).trace, [
      'CNB_REGISTRY_AUTH: no entry for two.example.com',
      'docker config (no home directory): no such file',
    ]);
  });

  it('a CNB_REGISTRY_AUTH that cannot be read ends with exit code 1 in the words of the contract, without its value (G-01)', async (t) => {
    const cases = [`{"a": "Basic ${CANARY}`, `["${CANARY}"]`, '{"a": 1}', `{"a": "Basic ${base64(CANARY)}"}`];
    for (const value of cases) {
      await assert.rejects(
        () => finder(t, { CNB_REGISTRY_AUTH: value })('a'),
        (error: unknown) => {
          assert.ok(error instanceof SlipwayError);
          assert.equal(error.code, 'CREDENTIALS_INVALID');
          assert.equal(error.exit, 1);
          assert.match(
            error.message,
            /^failed to resolve keychain: reading auth env var: failed to parse CNB_REGISTRY_AUTH value: /,
          );
          assert.ok(!JSON.stringify([error.message, error.details, String(error.cause)]).includes(CANARY));
          return true;
        },
      );
    }
    await assert.rejects(() => finder(t, { CNB_REGISTRY_AUTH: `{"a": "Digest ${CANARY}"}` })('a'), {
      message: 'parsing auth header: unknown auth type from header',
    });
  });

  it('CNB_REGISTRY_AUTH goes before the docker config (G-03)', async (t) => {
    const home = dockerHome(t, { auths: { 'r.example.com': { auth: base64('file:file') } } });
    const env = { CNB_REGISTRY_AUTH: JSON.stringify({ 'r.example.com': `Basic ${base64('env:env')}` }) };
    const found = await createKeychain({ env, home }).find('r.example.com', 'app', testContext(t));
    assert.deepEqual(found, {
      credentials: { kind: 'basic', username: 'env', password: 'env' },
      trace: ['CNB_REGISTRY_AUTH: entry for r.example.com'],
    });
  });

  it('the docker config gives auth, username and password, identity tokens; Docker Hub goes by its old URL (G-02)', async (t) => {
    const home = dockerHome(t, {
      auths: {
        'https://index.docker.io/v1/': { auth: base64('hub:secret') },
        'https://b.example.com': { username: 'u', password: 'p' },
        'c.example.com': { auth: base64('x:y'), identitytoken: 'refresh' },
        'd.example.com/team': { auth: base64('team:t') },
        'd.example.com': { auth: base64('all:a') },
      },
    });
    const find = finder(t, {}, home);
    assert.deepEqual((await find('index.docker.io')).credentials, {
      kind: 'basic',
      username: 'hub',
      password: 'secret',
    });
    assert.deepEqual((await find('b.example.com')).credentials, { kind: 'basic', username: 'u', password: 'p' });
    assert.deepEqual((await find('c.example.com')).credentials, { kind: 'identity', token: 'refresh' });
    assert.deepEqual((await find('d.example.com', 'team/app')).credentials, {
      kind: 'basic',
      username: 'team',
      password: 't',
    });
    assert.deepEqual((await find('d.example.com', 'teams')).credentials, {
      kind: 'basic',
      username: 'all',
      password: 'a',
    });
    assert.deepEqual(await find('e.example.com'), {
      trace: ['CNB_REGISTRY_AUTH: not set', '~/.docker/config.json: no entry for e.example.com'],
    });
  });

  it('DOCKER_CONFIG names the directory of the config', async (t) => {
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, 'config.json'), JSON.stringify({ auths: { r: { auth: base64('a:b') } } }));
    const found = await finder(t, { DOCKER_CONFIG: directory }, '/nonexistent')('r');
    assert.deepEqual(found.trace, ['CNB_REGISTRY_AUTH: not set', `${join(directory, 'config.json')}: entry for r`]);
  });

  it('a docker config that is no JSON is an error that does not quote it', async (t) => {
    const home = dockerHome(t, {});
    writeFileSync(join(home, '.docker', 'config.json'), `{"auths": {"r": {"auth": "${CANARY}`);
    await assert.rejects(
      () => finder(t, {}, home)('r'),
      (error: unknown) =>
        error instanceof SlipwayError && error.code === 'CREDENTIALS_INVALID' && !error.message.includes(CANARY),
    );
  });

  it('credential helpers and stores are asked, and what they lack is told in the trace (G-02)', async (t) => {
    const home = dockerHome(t, {
      credHelpers: { 'h.example.com': 'one', 'm.example.com': 'missing' },
      credsStore: 'two',
    });
    const bin = temporaryDirectory(t);
    writeProgram(join(bin, 'docker-credential-one'), `read h; echo '{"Username":"u-'$h'","Secret":"s"}'`);
    writeProgram(
      join(bin, 'docker-credential-two'),
      `read h; case $h in t.example.com) echo '{"Username":"<token>","Secret":"refresh"}';; *) echo credentials not found in native keychain; exit 1;; esac`,
    );
    const find = finder(t, { PATH: `${bin}:/usr/bin:/bin` }, home);
    assert.deepEqual(await find('h.example.com'), {
      credentials: { kind: 'basic', username: 'u-h.example.com', password: 's' },
      trace: [
        'CNB_REGISTRY_AUTH: not set',
        '~/.docker/config.json: docker-credential-one has an entry for h.example.com',
      ],
    });
    assert.deepEqual((await find('t.example.com')).credentials, { kind: 'identity', token: 'refresh' });
    assert.deepEqual(await find('m.example.com'), {
      trace: ['CNB_REGISTRY_AUTH: not set', '~/.docker/config.json: docker-credential-missing is not on PATH'],
    });
    assert.deepEqual(await find('other.example.com'), {
      trace: [
        'CNB_REGISTRY_AUTH: not set',
        '~/.docker/config.json: docker-credential-two has no entry for other.example.com',
      ],
    });
  });

  it('what was fetched before is known when its sources are out of reach, and each helper was asked once (G-04)', async (t) => {
    const home = dockerHome(t, {
      auths: { 'r.example.com': { auth: base64('a:b') } },
      credHelpers: { 'h.example.com': 'one' },
    });
    const bin = temporaryDirectory(t);
    writeProgram(join(bin, 'docker-credential-one'), `echo asked >> ${bin}/log; echo '{"Username":"u","Secret":"s"}'`);
    const keychain = createKeychain({ env: { PATH: `${bin}:/usr/bin:/bin` }, home });
    const ctx = testContext(t);
    await keychain.prefetch([{ registry: 'h.example.com', repository: 'app' }], ctx);
    rmSync(home, { recursive: true });
    rmSync(join(bin, 'docker-credential-one'));
    for (const repository of ['app', 'other'])
      assert.deepEqual((await keychain.find('h.example.com', repository, ctx)).credentials, {
        kind: 'basic',
        username: 'u',
        password: 's',
      });
    assert.equal((await keychain.find('r.example.com', 'app', ctx)).credentials?.kind, 'basic');
    assert.equal(readFileSync(join(bin, 'log'), 'utf8'), 'asked\n');
  });

  it('a docker config that is broken is no matter to who only prepares, and told to who needs it', async (t) => {
    const home = dockerHome(t, {});
    writeFileSync(join(home, '.docker', 'config.json'), '{');
    const keychain = createKeychain({ env: {}, home });
    await keychain.prefetch([], testContext(t));
    await assert.rejects(() => keychain.find('r', 'app', testContext(t)), { code: 'CREDENTIALS_INVALID' });
  });

  for (const [registry, suffix, variable] of [
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'ecr-login', 'CNB_REGISTRY_AUTH_KEYCHAIN_SKIP_AMAZON'],
    ['acme.azurecr.io', 'acr-env', 'CNB_REGISTRY_AUTH_KEYCHAIN_SKIP_AZURE'],
  ] as const)
    it(`the helper of its cloud is asked for ${registry}, last, unless ${variable} is true (G-03)`, async (t) => {
      const bin = temporaryDirectory(t);
      writeProgram(join(bin, `docker-credential-${suffix}`), `echo '{"Username":"cloud","Secret":"s"}'`);
      const env = { PATH: `${bin}:/usr/bin:/bin` };
      const cloud = { kind: 'basic', username: 'cloud', password: 's' } as const;
      assert.deepEqual((await finder(t, env)(registry)).credentials, cloud);
      assert.deepEqual((await finder(t, { ...env, [variable]: 'yes' })(registry)).credentials, cloud);
      assert.equal((await finder(t, env)('registry.example.com')).credentials, undefined);
      assert.deepEqual(await finder(t, { ...env, [variable]: 'true' })(registry), {
        trace: [
          'CNB_REGISTRY_AUTH: not set',
          'docker config (no home directory): no such file',
          `docker-credential-${suffix}: ${variable} is set`,
        ],
      });
      const home = dockerHome(t, { auths: { [registry]: { auth: base64('own:own') } } });
      assert.deepEqual((await finder(t, env, home)(registry)).credentials, {
        kind: 'basic',
        username: 'own',
        password: 'own',
      });
    });
});

type Find = (registry: string, repository?: string) => Promise<FoundCredentials>;

function finder(test: TestContext, env: Readonly<Record<string, string>>, home?: string): Find {
  const keychain = createKeychain({ env, home });
  const ctx = testContext(test);
  return (registry, repository = 'app') => keychain.find(registry, repository, ctx);
}

function dockerHome(test: TestContext, config: unknown): string {
  const home = temporaryDirectory(test);
  mkdirSync(join(home, '.docker'));
  writeFileSync(join(home, '.docker', 'config.json'), JSON.stringify(config));
  return home;
}

function writeProgram(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
