import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createKeychain } from '../../src/keychain/keychain.ts';
import { eraseLogin, storeLogin, type LoginFile } from '../../src/keychain/login-file.ts';
import { parseLoginTarget } from '../../src/keychain/login-target.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { requirePeer } from '../support/peers.ts';
import { finished, type ProgramResult } from '../support/program.ts';
import { pushImage, startRegistry, testClient, testImage } from '../support/registry.ts';

const PASSWORD = 'pässword: with "everything"';
const CREDENTIALS = { kind: 'basic', username: 'ann', password: PASSWORD } as const;

describe('credentials that skopeo and slipway share', () => {
  for (const style of ['docker', 'containers'] as const)
    it(`skopeo reads what slipway wrote into a file of ${style}, and is refused after the logout`, async (t) => {
      const skopeo = requirePeer(t, 'skopeo');
      if (skopeo === undefined) return;
      const home = temporaryDirectory(t);
      const registry = await startRegistry(t, { auth: { kind: 'basic', users: { ann: PASSWORD } } });
      const client = testClient(t, { found: { credentials: CREDENTIALS, trace: [] } });
      await pushImage(client.repository(registry.name, 'team/app').openSink('v1'), testImage('a'), registry.ctx);
      const file: LoginFile = { path: join(home, 'config.json'), style };
      // containers' own format knows parts of registries.
      const target = parseLoginTarget(style === 'docker' ? registry.name : `${registry.name}/team`);
      await storeLogin(file, { target, username: 'ann', password: PASSWORD }, {}, registry.ctx);
      const inspect = ['inspect', '--raw', '--tls-verify=false', '--authfile', file.path];
      const image = `docker://${registry.name}/team/app:v1`;
      const found = await run(skopeo, [...inspect, image], home);
      assert.equal(found.code, 0, found.stderr);
      assert.equal(found.stdout, Buffer.from(testImage('a').manifest.bytes).toString());
      await eraseLogin(file, target, {}, registry.ctx);
      assert.notEqual((await run(skopeo, [...inspect, image], home)).code, 0);
    });

  it('slipway uses what skopeo login wrote', async (t) => {
    const skopeo = requirePeer(t, 'skopeo');
    if (skopeo === undefined) return;
    const home = temporaryDirectory(t);
    const registry = await startRegistry(t, { auth: { kind: 'bearer', users: { ann: PASSWORD } } });
    const file = join(home, 'auth.json');
    const args = ['login', '--tls-verify=false', '--authfile', file, '--username', 'ann', '--password-stdin'];
    const login = await run(skopeo, [...args, registry.name], home, PASSWORD);
    assert.equal(login.code, 0, login.stderr);
    assert.match(readFileSync(file, 'utf8'), /auths/);
    const keychain = createKeychain({ env: { REGISTRY_AUTH_FILE: file }, home });
    assert.deepEqual((await keychain.find(registry.name, 'app', testContext(t))).credentials, CREDENTIALS);
    const repository = testClient(t, { credentials: keychain }).repository(registry.name, 'app');
    await pushImage(repository.openSink('v1'), testImage('a'), registry.ctx);
  });
});

/** Not `spawnSync`: the registry that it asks is in this process. */
function run(program: string, args: readonly string[], home: string, input = ''): Promise<ProgramResult> {
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], HOME: home, XDG_RUNTIME_DIR: home },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  return finished(child);
}
