import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { ServerAuth } from '../../src/registryd/auth.ts';
import { temporaryDirectory } from '../support/context.ts';
import { slipway, type ProgramResult } from '../support/program.ts';
import { startRegistry } from '../support/registry.ts';

const CANARY = 'c4n4ry-p4ssw0rd';
const AUTHS: readonly ServerAuth[] = [
  { kind: 'basic', users: { ann: CANARY } },
  { kind: 'bearer', users: { ann: CANARY } },
];

describe('slipway login, logout and auth explain', () => {
  for (const auth of AUTHS)
    it(`keep, use, explain and remove credentials for ${auth.kind} authentication, and show them to nobody`, async (t) => {
      const { run, home, everything } = scene(t);
      const registry = await startRegistry(t, { auth });
      const { name } = registry;

      const wrong = await run(['login', name, '--username', 'ann', '--password-stdin'], `${CANARY}-wrong`);
      assert.equal(wrong.code, 1);
      assert.match(wrong.stderr, /refused .*\[REGISTRY_UNAUTHORIZED\]/);
      assert.ok(!existsSync(join(home, '.docker')));

      const login = await run(['login', name, '--username', 'ann', '--password-stdin'], `${CANARY}\n`);
      assert.equal(login.code, 0, login.stderr);
      assert.equal(
        login.stdout,
        `logged in to ${name} as ann; the credentials are in ${join(home, '.docker/config.json')}\n`,
      );

      const [explained, asJson, gone] = await Promise.all([
        run(['auth', 'explain', `${name}/acme/shop`]),
        run(['auth', 'explain', `${name}/acme/shop`, '--json']),
        run(['inspect', `${name}/acme/shop`]),
      ]);
      assert.equal(explained.code, 0, explained.stdout);
      assert.match(explained.stdout, new RegExp(`\\* 5 +~/\\.docker/config\\.json +entry for ${name}\n`));
      assert.match(explained.stdout, new RegExp(`scheme +${auth.kind}\n`));
      assert.match(explained.stdout, /registry +accepted: there is no such image\n/);
      const json: unknown = JSON.parse(asJson.stdout);
      assert.deepEqual(pick(json, 'used', 'verdict'), {
        used: '~/.docker/config.json',
        verdict: {
          outcome: 'accepted',
          reason: 'there is no such image',
          scheme: auth.kind,
          ...(auth.kind === 'basic'
            ? { realm: 'slipway' }
            : { realm: `${registry.url}/token`, service: 'slipway', scope: 'repository:acme/shop:pull' }),
        },
      });

      assert.match(gone.stderr, /\[IMAGE_NOT_FOUND\]/, 'the credentials were used');

      const logout = await run(['logout', name]);
      assert.equal(logout.code, 0);
      assert.match(logout.stdout, /^removed the credentials for .* from .*config\.json\n$/);
      const after = await run(['auth', 'explain', `${name}/acme/shop`]);
      assert.equal(after.code, 1);
      assert.match(after.stdout, /uses +no credentials/);
      const secrets = [CANARY, Buffer.from(`ann:${CANARY}`).toString('base64')];
      for (const secret of secrets) assert.ok(!everything().includes(secret), secret);
    });

  it('no secret is in the trace of requests, in logs or in JSON events, wherever it came from', async (t) => {
    const { run, home, everything } = scene(t);
    const registry = await startRegistry(t, {
      auth: { kind: 'bearer', users: { ann: CANARY }, refreshTokens: { ann: `${CANARY}-refresh` } },
    });
    const { name } = registry;
    const encoded = Buffer.from(`ann:${CANARY}`).toString('base64');
    const sources: readonly Readonly<Record<string, string>>[] = [
      { CNB_REGISTRY_AUTH: JSON.stringify({ [name]: `Basic ${encoded}` }) },
      { CNB_REGISTRY_AUTH: JSON.stringify({ [name]: `X-Identity ${CANARY}-refresh` }) },
      { CNB_REGISTRY_AUTH: JSON.stringify({ [name]: `Bearer ${CANARY}-token` }) },
      { CNB_REGISTRY_AUTH: `{"${name}": "Basic ${encoded}` },
      { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [name]: { auth: encoded } } }) },
      { DOCKER_AUTH_CONFIG: `{"auths": "${CANARY}` },
    ];
    const trace = join(home, 'trace');
    const commands = [
      ['inspect', `${name}/acme/shop`, '--trace-http', trace, '--verbose'],
      ['inspect', `${name}/acme/shop`, '--json'],
      ['auth', 'explain', `${name}/acme/shop`, '--trace-http', '-'],
    ];
    await Promise.all(
      sources.map((env, index) =>
        run(commands[index % commands.length] ?? [], undefined, { ...env, SLIPWAY_DEBUG: '1' }),
      ),
    );
    const seen = `${everything()}${existsSync(trace) ? readFileSync(trace, 'utf8') : ''}`;
    for (const secret of [CANARY, encoded]) assert.ok(!seen.includes(secret), secret);
    assert.ok(seen.includes('IMAGE_NOT_FOUND') && seen.includes('CREDENTIALS_INVALID'));
  });

  it('the password is never an argument, and is asked for where there is somebody to ask', async (t) => {
    const { run } = scene(t);
    const [refused, nobody] = await Promise.all([
      run(['login', 'r.example.com', '--username', 'ann', '--password', CANARY]),
      run(['login', 'r.example.com', '--username', 'ann']),
    ]);
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /--password is refused: an argument is seen by every process/);
    assert.equal(nobody.code, 3);
    assert.match(nobody.stderr, /no terminal to ask .*\n.*--password-stdin/);
    const bad = await Promise.all([
      run(['login', 'r.example.com', '--password-stdin'], CANARY),
      run(['login', 'r.example.com/app:tag', '--username', 'a', '--password-stdin'], CANARY),
      run(['login', 'r.example.com', '--username', 'a', '--password-stdin'], '\n'),
    ]);
    assert.deepEqual(
      bad.map(({ code }) => code),
      [3, 3, 3],
    );
    assert.ok(!(await run(['login', '--help'])).stdout.includes('--password PASSWORD'));
  });

  it('REGISTRY_AUTH_FILE and --authfile name the file, and what is left elsewhere is told at the logout', async (t) => {
    const { run, home } = scene(t);
    const { name } = await startRegistry(t, { auth: { kind: 'basic', users: { ann: CANARY } } });
    const file = join(home, 'auth.json');
    const env = { REGISTRY_AUTH_FILE: file };
    assert.equal((await run(['login', name, '--username', 'ann', '--password-stdin'], CANARY, env)).code, 0);
    assert.ok(existsSync(file) && !existsSync(join(home, '.docker')));
    mkdirSync(join(home, '.docker'));
    writeFileSync(
      join(home, '.docker/config.json'),
      JSON.stringify({ auths: { [name]: { username: 'bob', password: CANARY } } }),
    );
    const logout = await run(['logout', name], undefined, env);
    assert.match(logout.stderr, /there are still some: ~\/\.docker\/config\.json: entry for /);
    assert.ok(!logout.stderr.includes(CANARY));
  });

  it('a registry that asks nobody for credentials takes a login, and says that it was not checked', async (t) => {
    const { run } = scene(t);
    const { name } = await startRegistry(t);
    const login = await run(['login', name, '--username', 'ann', '--password-stdin'], CANARY);
    assert.equal(login.code, 0);
    assert.match(login.stderr, /could not be checked/);
  });
});

interface Scene {
  readonly home: string;
  readonly run: (
    args: readonly string[],
    input?: string,
    env?: Readonly<Record<string, string>>,
  ) => Promise<ProgramResult>;
  /** All that the programs printed. */
  readonly everything: () => string;
}

function scene(test: TestContext): Scene {
  const home = temporaryDirectory(test);
  const printed: string[] = [];
  return {
    home,
    everything: () => printed.join('\n'),
    run: async (args, input, env = {}) => {
      const common = { HOME: home, XDG_RUNTIME_DIR: join(home, 'run'), ...env };
      const result = await slipway(args, { cwd: home, env: common, ...(input === undefined ? {} : { input }) });
      printed.push(result.stdout, result.stderr);
      return result;
    },
  };
}

function pick(value: unknown, ...names: readonly string[]): unknown {
  assert.ok(typeof value === 'object' && value !== null);
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)));
}
