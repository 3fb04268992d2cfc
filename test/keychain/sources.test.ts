import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createKeychain, type KeychainInput } from '../../src/keychain/keychain.ts';
import type { Credentials } from '../../src/registry/options.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { rejectionOf } from '../support/failure.ts';

const CANARY = 'c4n4ry-p4ssw0rd';
const HOST = 'r.example.com';

describe('the order of the places where credentials may be', () => {
  it('is that of decision 0009: each place is used when those before it have nothing', async (t) => {
    const scene = everyPlace(t);
    const used: string[] = [];
    for (let from = 0; from <= scene.places.length; from += 1) {
      for (const [index, place] of scene.places.entries())
        place.put(index >= from ? entry(`user${String(index)}`) : {});
      const { credentials } = await createKeychain(scene.input()).find(HOST, 'app', testContext(t));
      used.push(nameOf(credentials));
    }
    assert.deepEqual(used, [...scene.places.map((_, index) => `user${String(index)}`), 'nobody']);
  });

  it('a place without an entry for the registry hides none that comes after it', async (t) => {
    const scene = everyPlace(t);
    for (const place of scene.places) place.put({ auths: { 'other.example.com': { auth: base64('x:y') } } });
    scene.places.at(-1)?.put(entry('last'));
    const found = await createKeychain(scene.input()).find(HOST, 'app', testContext(t));
    assert.equal(nameOf(found.credentials), 'last');
    assert.equal(found.trace.filter((line) => line.includes(`no entry for ${HOST}`)).length, scene.places.length - 1);
  });

  it('keys may be parts of a registry, the longest first, and two repositories have different credentials', async (t) => {
    const home = temporaryDirectory(t);
    const auths = Object.fromEntries(
      [HOST, `${HOST}/team`, `${HOST}/team/app`, 'docker.io/acme', 'docker.io'].map((key) => [
        key,
        { auth: base64(`${key}:p`) },
      ]),
    );
    write(join(home, '.config/containers/auth.json'), JSON.stringify({ auths }));
    const keychain = createKeychain({ env: {}, home });
    const ctx = testContext(t);
    const names: string[] = [];
    for (const [registry, repository] of [
      [HOST, 'team/app'],
      [HOST, 'team/app/more'],
      [HOST, 'team/other'],
      [HOST, 'teams'],
      ['index.docker.io', 'acme/shop'],
      ['index.docker.io', 'library/debian'],
    ] as const)
      names.push(nameOf((await keychain.find(registry, repository, ctx)).credentials));
    assert.deepEqual(names, [
      `${HOST}/team/app`,
      `${HOST}/team/app`,
      `${HOST}/team`,
      HOST,
      'docker.io/acme',
      'docker.io',
    ]);
  });

  it('CNB_REGISTRY_AUTH may have different credentials for parts of a registry; a URL’s path is stripped (G-01)', async (t) => {
    const header = (name: string): string => `Basic ${base64(`${name}:p`)}`;
    const auth = {
      [`https://${HOST}/v2/`]: header('all'),
      [`${HOST}/team`]: header('team'),
      'one.example.com/some/path': header('one'),
    };
    const keychain = createKeychain({ env: { CNB_REGISTRY_AUTH: JSON.stringify(auth) }, home: undefined });
    const find = async (registry: string, repository: string): Promise<string> =>
      nameOf((await keychain.find(registry, repository, testContext(t))).credentials);
    assert.equal(await find(HOST, 'team/app'), 'team');
    assert.equal(await find(HOST, 'app'), 'all');
    assert.equal(await find('one.example.com', 'elsewhere'), 'one');
  });

  it('credential helpers work from auth.json too', async (t) => {
    const home = temporaryDirectory(t);
    write(join(home, '.config/containers/auth.json'), JSON.stringify({ credHelpers: { [HOST]: 'one' } }));
    const env = { PATH: helpers(t, { one: `read h; echo '{"Username":"<token>","Secret":"refresh"}'` }) };
    const found = await createKeychain({ env, home }).find(HOST, 'app', testContext(t));
    assert.deepEqual(found.credentials, { kind: 'identity', token: 'refresh' });
  });

  it('a helper that hangs, floods or dies gives nothing, in bounded time, and says so', async (t) => {
    const home = temporaryDirectory(t);
    const names = ['hangs', 'floods', 'dies', 'babbles'];
    write(
      join(home, '.docker/config.json'),
      JSON.stringify({ credHelpers: Object.fromEntries(names.map((name) => [`${name}.example`, name])) }),
    );
    const env = {
      PATH: helpers(t, {
        hangs: 'sleep 30',
        floods: 'yes | head -c 3000000; sleep 30',
        dies: `echo ${CANARY}; kill -9 $$`,
        babbles: `echo ${CANARY}`,
      }),
    };
    const keychain = createKeychain({ env, home, helperTimeoutMs: 400 });
    const said: string[] = [];
    for (const name of names) {
      const { credentials, trace } = await keychain.find(`${name}.example`, 'app', testContext(t));
      assert.equal(credentials, undefined);
      said.push(trace.at(-1) ?? '');
    }
    const prefix = '~/.docker/config.json: docker-credential-';
    assert.deepEqual(said, [
      `${prefix}hangs took too long`,
      `${prefix}floods answered with too much`,
      `${prefix}dies failed for dies.example (status null)`,
      `${prefix}babbles gave no credentials for babbles.example`,
    ]);
  });

  it('a malformed file is an error that names it and quotes nothing; the next try reads it again', async (t) => {
    const home = temporaryDirectory(t);
    for (const [path, env] of [
      [join(home, '.config/containers/auth.json'), {}],
      [join(home, 'named.json'), { REGISTRY_AUTH_FILE: join(home, 'named.json') }],
      [join(home, '.dockercfg'), {}],
    ] as const) {
      write(path, `{"auths":{"${HOST}":{"auth":"${CANARY}`);
      const keychain = createKeychain({ env, home });
      const error = await rejectionOf(keychain.find(HOST, 'app', testContext(t)));
      assert.equal(error.code, 'CREDENTIALS_INVALID');
      assert.ok(error.message.endsWith(`${path} is not JSON`), error.message);
      assert.ok(!JSON.stringify([error.message, error.details, String(error.cause)]).includes(CANARY));
      write(path, '{}');
      assert.equal((await keychain.find(HOST, 'app', testContext(t))).credentials, undefined);
    }
    const env = { DOCKER_AUTH_CONFIG: `{"auths": "${CANARY}` };
    const error = await rejectionOf(createKeychain({ env, home }).find(HOST, 'app', testContext(t)));
    assert.equal(error.message, 'DOCKER_AUTH_CONFIG is not JSON');
  });

  it('explain tells every place, which one is used, what stands behind it, and what is broken', async (t) => {
    const home = temporaryDirectory(t);
    write(join(home, '.config/containers/auth.json'), JSON.stringify(entry('ann')));
    write(join(home, '.docker/config.json'), JSON.stringify({ credsStore: 'one', auths: {} }));
    write(join(home, '.dockercfg'), JSON.stringify({ [HOST]: { auth: base64('old:p') } }));
    const env = { PATH: helpers(t, { one: 'echo asked >&2; exit 9' }), DOCKER_AUTH_CONFIG: '{' };
    const places = await createKeychain({ env, home }).explain({ registry: HOST, repository: 'app' }, testContext(t));
    assert.deepEqual(
      places.map(({ place, found, isUsed }) => `${isUsed ? '* ' : ''}${place}: ${found}`),
      [
        'CNB_REGISTRY_AUTH: not set',
        'REGISTRY_AUTH_FILE: not set',
        'XDG_RUNTIME_DIR: not set',
        `* ~/.config/containers/auth.json: entry for ${HOST}`,
        '~/.docker/config.json: docker-credential-one is not asked',
        `~/.dockercfg: entry for ${HOST}, behind the one that is used`,
        'DOCKER_AUTH_CONFIG: DOCKER_AUTH_CONFIG is not JSON',
      ],
    );
    assert.equal(places[3]?.username, 'ann');
    write(join(home, '.config/containers/auth.json'), '{');
    const broken = await createKeychain({ env, home }).explain({ registry: HOST, repository: 'app' }, testContext(t));
    assert.equal(broken[3]?.isBroken, true);
    assert.ok(!broken.some(({ isUsed }) => isUsed));
  });
});

interface Scene {
  readonly places: readonly { readonly put: (value: object) => void }[];
  readonly input: () => KeychainInput;
}

/** Every place, in the documented order; the variables take effect with the next `input()`. */
function everyPlace(test: TestContext): Scene {
  const home = temporaryDirectory(test);
  const env: Record<string, string> = {
    REGISTRY_AUTH_FILE: join(home, 'named.json'),
    XDG_RUNTIME_DIR: join(home, 'run'),
  };
  const asFile = (...path: string[]): { put: (value: object) => void } => ({
    put: (value) => write(join(home, ...path), JSON.stringify(value)),
  });
  return {
    input: () => ({ env: { ...env }, home }),
    places: [
      {
        put: (value) => {
          const auths = Object.entries(authsOf(value));
          env['CNB_REGISTRY_AUTH'] = JSON.stringify(
            Object.fromEntries(auths.map(([key, given]) => [key, `Basic ${authOf(given)}`])),
          );
        },
      },
      asFile('named.json'),
      asFile('run/containers/auth.json'),
      asFile('.config/containers/auth.json'),
      asFile('.docker/config.json'),
      {
        put: (value) => write(join(home, '.dockercfg'), JSON.stringify(authsOf(value))),
      },
      { put: (value) => void (env['DOCKER_AUTH_CONFIG'] = JSON.stringify(value)) },
    ],
  };
}

function authsOf(value: object): object {
  return 'auths' in value && typeof value.auths === 'object' && value.auths !== null ? value.auths : {};
}

function authOf(given: unknown): string {
  return typeof given === 'object' && given !== null && 'auth' in given ? String(given.auth) : '';
}

function entry(user: string): { readonly auths: object } {
  return { auths: { [HOST]: { auth: base64(`${user}:p`) } } };
}

function nameOf(credentials: Credentials | undefined): string {
  return credentials?.kind === 'basic' ? credentials.username : (credentials?.kind ?? 'nobody');
}

/** A PATH with these credential helpers. */
function helpers(test: TestContext, scripts: Readonly<Record<string, string>>): string {
  const bin = temporaryDirectory(test);
  for (const [name, script] of Object.entries(scripts)) {
    const path = join(bin, `docker-credential-${name}`);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }
  return `${bin}:/usr/bin:/bin`;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
