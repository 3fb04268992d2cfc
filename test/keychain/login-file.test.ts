import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createKeychain } from '../../src/keychain/keychain.ts';
import { eraseLogin, loginFile, storeLogin } from '../../src/keychain/login-file.ts';
import { dockerKey, formatLoginTarget, parseLoginTarget } from '../../src/keychain/login-target.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { failureOf, rejectionOf } from '../support/failure.ts';

const CANARY = 'c4n4ry-p4ssw0rd';

describe('a login that is kept', () => {
  it('goes into docker’s config with mode 0600, and everything else in it stays byte for byte', async (t) => {
    const home = temporaryDirectory(t);
    const path = join(home, '.docker', 'config.json');
    mkdirSync(join(home, '.docker'));
    const before = '{\n  "HttpHeaders": {"X": "y"},\n  "auths": {"other": {"auth": "b3RoZXI6eA=="}},\n  "n": 1.0\n}\n';
    writeFileSync(path, before, { mode: 0o644 });
    await keep(t, home, 'r.example.com:5000', 'ann');
    const after = readFileSync(path, 'utf8');
    const added = `,"r.example.com:5000": {"auth":"${Buffer.from(`ann:${CANARY}`).toString('base64')}"}`;
    assert.equal(after.replace(added, ''), before);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(await userOf(t, home, 'r.example.com:5000', 'app'), 'ann');
    assert.equal(await userOf(t, home, 'other', 'app'), 'other');
    assert.deepEqual(await forget(t, home, 'r.example.com:5000'), [path]);
    assert.equal(readFileSync(path, 'utf8'), before);
    assert.deepEqual(await forget(t, home, 'r.example.com:5000'), []);
  });

  it('makes the file where there is none; two logins at once both stay', async (t) => {
    const home = temporaryDirectory(t);
    assert.deepEqual(await forget(t, home, 'a.example.com'), []);
    assert.ok(!existsSync(join(home, '.docker')));
    await Promise.all(['a', 'b', 'c'].map((name) => keep(t, home, `${name}.example.com`, name)));
    for (const name of ['a', 'b', 'c']) assert.equal(await userOf(t, home, `${name}.example.com`, 'app'), name);
  });

  it('a part of a registry has its own, and Docker Hub goes by the key of docker or of containers', async (t) => {
    const home = temporaryDirectory(t);
    await keep(t, home, 'r.example.com', 'all');
    await keep(t, home, 'r.example.com/team', 'team');
    await keep(t, home, 'docker.io', 'hub');
    await keep(t, home, 'docker.io/acme', 'acme');
    assert.equal(await userOf(t, home, 'r.example.com', 'team/app'), 'team');
    assert.equal(await userOf(t, home, 'r.example.com', 'app'), 'all');
    assert.equal(await userOf(t, home, 'index.docker.io', 'library/debian'), 'hub');
    assert.equal(await userOf(t, home, 'index.docker.io', 'acme/shop'), 'acme');
    assert.match(readFileSync(join(home, '.docker/config.json'), 'utf8'), /"https:\/\/index\.docker\.io\/v1\/"/);
    await forget(t, home, 'r.example.com');
    assert.equal(await userOf(t, home, 'r.example.com', 'team/app'), 'team');
    assert.equal(await userOf(t, home, 'r.example.com', 'app'), undefined);
    const authFile = join(home, 'auth.json');
    await keep(t, home, 'index.docker.io', 'hub', authFile);
    assert.match(readFileSync(authFile, 'utf8'), /"docker\.io"/);
  });

  it('goes to the helper that the file names, and comes back from it', async (t) => {
    const home = temporaryDirectory(t);
    const env = { PATH: fileHelper(t, home) };
    const path = join(home, '.docker', 'config.json');
    mkdirSync(join(home, '.docker'));
    for (const [config, host] of [
      ['{"credsStore":"file"}', 'r.example.com'],
      ['{"credHelpers":{"h.example.com":"file"}}', 'h.example.com'],
      ['{"credsStore":"file"}', 'docker.io'],
    ] as const) {
      writeFileSync(path, config);
      assert.equal(await keep(t, home, host, 'ann', undefined, env), 'docker-credential-file');
      assert.ok(!readFileSync(path, 'utf8').includes(Buffer.from(`ann:${CANARY}`).toString('base64')));
      const registry = parseLoginTarget(host).registry;
      const found = await createKeychain({ env, home }).find(registry, 'app', testContext(t));
      assert.deepEqual(found.credentials, { kind: 'basic', username: 'ann', password: CANARY });
      assert.deepEqual(await forget(t, home, host, env), ['docker-credential-file']);
      assert.equal((await createKeychain({ env, home }).find(registry, 'app', testContext(t))).credentials, undefined);
    }
    assert.equal((await rejectionOf(keep(t, home, 'r.example.com/team', 'ann', undefined, env))).code, 'NOT_SUPPORTED');
    writeFileSync(path, '{"credsStore":"missing"}');
    const error = await rejectionOf(keep(t, home, 'r.example.com', 'ann', undefined, env));
    assert.equal(error.message, 'docker-credential-missing is not on PATH');
    assert.equal(readFileSync(path, 'utf8'), '{"credsStore":"missing"}');
  });

  it('follows a link, and leaves a malformed file alone', async (t) => {
    const home = temporaryDirectory(t);
    const path = join(home, 'auth.json');
    writeFileSync(join(home, 'real.json'), '{}');
    symlinkSync('real.json', path);
    await keep(t, home, 'r.example.com', 'ann', path);
    assert.match(readFileSync(join(home, 'real.json'), 'utf8'), /r\.example\.com/);
    for (const broken of [`{"auths":"${CANARY}`, '[]', `{"auths":"${CANARY}"}`]) {
      writeFileSync(path, broken);
      const error = await rejectionOf(keep(t, home, 'r.example.com', 'ann', path));
      assert.equal(error.code, 'CREDENTIALS_INVALID');
      assert.ok(error.message.includes(path) && !error.message.includes(CANARY));
      assert.equal(readFileSync(path, 'utf8'), broken);
    }
  });

  it('targets are hosts and parts of them, also as URLs', () => {
    for (const [text, shown, key] of [
      ['r.example.com', 'r.example.com', 'r.example.com'],
      ['https://R.example.com:5000/v2/', 'r.example.com:5000', 'r.example.com:5000'],
      ['r.example.com/team/app', 'r.example.com/team/app', 'r.example.com/team/app'],
      ['[::1]:5000', '[::1]:5000', '[::1]:5000'],
      ['docker.io', 'docker.io', 'https://index.docker.io/v1/'],
      ['https://index.docker.io/v1/', 'docker.io', 'https://index.docker.io/v1/'],
    ] as const) {
      const target = parseLoginTarget(text);
      assert.equal(formatLoginTarget(target), shown);
      assert.equal(dockerKey(target), key);
    }
    for (const text of ['', '/', 'r.example.com/Team', 'r.example.com/app:tag', 'a b', 'r.example.com/../x', '-x'])
      assert.equal(failureOf(() => parseLoginTarget(text)).code, 'ARGUMENT_INVALID', text);
  });
});

type Env = Readonly<Record<string, string>>;

function keep(
  test: TestContext,
  home: string,
  host: string,
  ...[username, authFile, env = {}]: readonly [username: string, authFile?: string | undefined, env?: Env]
): Promise<string> {
  const file = loginFile({ env, home, cwd: home, ...(authFile === undefined ? {} : { authFile }) });
  const login = { target: parseLoginTarget(host), username, password: CANARY };
  return storeLogin(file, login, env, testContext(test));
}

function forget(test: TestContext, home: string, host: string, env: Env = {}): Promise<readonly string[]> {
  return eraseLogin(loginFile({ env, home, cwd: home }), parseLoginTarget(host), env, testContext(test));
}

async function userOf(
  test: TestContext,
  home: string,
  registry: string,
  repository: string,
): Promise<string | undefined> {
  const { credentials } = await createKeychain({ env: {}, home }).find(registry, repository, testContext(test));
  return credentials?.kind === 'basic' ? credentials.username : undefined;
}

/** A PATH with a credential helper that keeps what it is given in a file per server. */
function fileHelper(test: TestContext, home: string): string {
  const bin = temporaryDirectory(test);
  const path = join(bin, 'docker-credential-file');
  writeFileSync(
    path,
    `#!/bin/sh
name() { printf %s "$1" | tr -c 'a-zA-Z0-9.\\n' _; }
case $1 in
  store) read -r json || true; server=$(printf %s "$json" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/'); printf %s "$json" > "${home}/$(name "$server").secret";;
  get) read -r server || true; cat "${home}/$(name "$server").secret" 2>/dev/null || { echo 'credentials not found in native keychain'; exit 1; };;
  erase) read -r server || true; rm "${home}/$(name "$server").secret" 2>/dev/null || { echo 'credentials not found in native keychain'; exit 1; };;
esac
`,
  );
  chmodSync(path, 0o755);
  return `${bin}:/usr/bin:/bin`;
}
