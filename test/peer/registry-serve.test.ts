import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { openArchiveSink } from '../../src/store/archive/archive-sink.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { validateStore } from '../../src/store/validate.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { goTool } from '../support/go-tool.ts';
import { gzipImage } from '../support/gzip-image.ts';
import { requirePeer } from '../support/peers.ts';
import { startSlipway } from '../support/program.ts';
import { pushImage, testClient } from '../support/registry.ts';
import { spawnText } from '../support/spawn-text.ts';

const CRANE = { package: 'github.com/google/go-containerregistry/cmd/crane', version: 'v0.22.1' };
/** `ann` with the password `secret`. */
const ANN = 'ann:$2b$05$rrAJSCjfY1At/KKwLK42HOyuacwoBZOAFtzoQpLqwodRBI9HOvc2O\n';

describe('slipway registry serve', () => {
  it('podman and skopeo push to it and pull from it over HTTPS with a password; the layout is whole', async (t) => {
    const [skopeo, podman] = [requirePeer(t, 'skopeo'), requirePeer(t, 'podman')];
    if (skopeo === undefined || podman === undefined) return;
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, 'users'), ANN);
    const served = await serve(t, directory, ['images', '--tls-self-signed', '--htpasswd', 'users']);
    assert.match(served.address, /^https:\/\/127\.0\.0\.1:\d+$/);
    const certs = join(directory, 'certs');
    mkdirSync(certs);
    writeFileSync(join(certs, 'ca.crt'), served.ca);
    const archive = await imageArchive(t, directory);
    const host = served.address.slice('https://'.length);
    const auth = join(directory, 'auth.json');
    writeFileSync(auth, JSON.stringify({ auths: { [host]: { auth: Buffer.from('ann:secret').toString('base64') } } }));
    const run = (program: string, args: readonly string[]): Promise<string> =>
      spawnText(program, args, { cwd: directory, env: { ...process.env, HOME: directory } });
    const there = ['--dest-cert-dir', certs, '--dest-authfile', auth];
    const back = ['--src-cert-dir', certs, '--src-authfile', auth];
    await run(skopeo, ['copy', ...there, `oci-archive:${archive}:v1`, `docker://${host}/team/app:v1`]);
    const store = ['--root', join(directory, 'root'), '--runroot', join(directory, 'run'), '--storage-driver', 'vfs'];
    const access = ['--cert-dir', certs, '--authfile', auth];
    await run(podman, [...store, 'pull', ...access, `${host}/team/app:v1`]);
    await run(podman, [...store, 'push', ...access, `${host}/team/app:v1`, `${host}/other/app:v2`]);
    await run(skopeo, ['copy', ...back, `docker://${host}/other/app:v2`, `oci:${directory}/copy:v2`]);
    const refused = await run(skopeo, ['inspect', '--no-creds', '--cert-dir', certs, `docker://${host}/team/app:v1`]);
    assert.match(refused, /unauthorized|authentication required/);
    const ctx = testContext(t);
    assert.deepEqual(await validateStore(openLayout(join(directory, 'images')), ctx), []);
    const names = (await openLayout(join(directory, 'images')).list(ctx)).map(({ name }) => name);
    assert.deepEqual(names, ['team/app:v1', 'other/app:v2']);
    assert.deepEqual(await validateStore(openLayout(join(directory, 'copy')), ctx), []);
  });

  it('crane pushes, lists, tags, deletes and pulls', async (t) => {
    const crane = goTool(t, CRANE);
    if (crane === undefined) return;
    const directory = temporaryDirectory(t);
    const served = await serve(t, directory, ['images']);
    const host = served.address.slice('http://'.length);
    const docker = join(directory, 'app.tar');
    const ctx = testContext(t);
    await pushImage(
      await openArchiveSink(docker, ctx, { format: 'docker', names: ['docker.io/library/app:v1'], refName: 'v1' }),
      gzipImage('crane', 300_000),
      ctx,
    );
    const run = (...args: readonly string[]): Promise<string> =>
      spawnText(crane, args, { cwd: directory, env: { ...process.env, HOME: directory } });
    await run('push', docker, `${host}/app:v1`);
    await run('tag', `${host}/app:v1`, 'v2');
    await run('copy', `${host}/app:v1`, `${host}/mirror/app:v1`);
    assert.deepEqual((await run('ls', `${host}/app`)).trim().split('\n'), ['v1', 'v2']);
    assert.deepEqual((await run('catalog', host)).trim().split('\n'), ['app', 'mirror/app']);
    const digest = (await run('digest', `${host}/app:v1`)).trim();
    await run('delete', `${host}/app:v1`);
    assert.deepEqual((await run('ls', `${host}/app`)).trim().split('\n'), ['v2']);
    assert.equal((await run('digest', `${host}/app@${digest}`)).trim(), digest);
    await run('pull', `${host}/mirror/app:v1`, join(directory, 'back.tar'));
    assert.match(await run('validate', '--tarball', join(directory, 'back.tar')), /PASS/);
  });

  it('an archive that docker saved is a registry to read from', async (t) => {
    const skopeo = requirePeer(t, 'skopeo');
    if (skopeo === undefined) return;
    const directory = temporaryDirectory(t);
    const archive = await imageArchive(t, directory);
    await spawnText(
      skopeo,
      ['copy', `oci-archive:${archive}:v1`, 'docker-archive:saved.tar:registry.example/team/app:v1'],
      {
        cwd: directory,
        env: process.env,
      },
    );
    const served = await serve(t, directory, ['docker-archive:saved.tar']);
    const host = served.address.slice('http://'.length);
    const run = (...args: readonly string[]): Promise<string> =>
      spawnText(skopeo, args, { cwd: directory, env: process.env });
    const listed = await run('list-tags', '--tls-verify=false', `docker://${host}/registry.example/team/app`);
    assert.match(listed, /"v1"/);
    await run('copy', '--src-tls-verify=false', `docker://${host}/registry.example/team/app:v1`, 'oci:copy:v1');
    const ctx = testContext(t);
    assert.deepEqual(await validateStore(openLayout(join(directory, 'copy')), ctx), []);
    const refused = await run('copy', '--dest-tls-verify=false', 'oci:copy:v1', `docker://${host}/team/app:v2`);
    assert.match(refused, /405|unsupported|only read/i);
    const blobs = testClient(t).repository(host, 'registry.example/team/app');
    assert.deepEqual(await blobs.tags(ctx), ['v1']);
  });
});

interface Served {
  readonly address: string;
  /** PEM; empty without HTTPS of its own. */
  readonly ca: string;
}

/** The program, on a free port; it is ended after the test. */
async function serve(t: TestContext, directory: string, args: readonly string[]): Promise<Served> {
  const child = startSlipway(['registry', 'serve', ...args, '--listen', '127.0.0.1:0'], { cwd: directory });
  t.after(() => child.kill('SIGKILL'));
  const { stdout, stderr } = child;
  assert.ok(stdout !== null && stderr !== null);
  const errors = text(stderr);
  let seen = '';
  stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  const hasSaid = (): boolean =>
    seen.includes('\n') && (!args.includes('--tls-self-signed') || seen.includes('-----END CERTIFICATE-----\n'));
  while (!hasSaid()) {
    await Promise.race([once(stdout, 'data'), once(child, 'close')]);
    if (child.exitCode !== null) throw new Error(`it ended: ${await errors}`);
  }
  const [address = '', ...ca] = seen.split('\n');
  return { address, ca: ca.join('\n') };
}

async function imageArchive(t: TestContext, directory: string): Promise<string> {
  const path = join(directory, 'image.tar');
  const ctx = testContext(t);
  await pushImage(
    await openArchiveSink(path, ctx, { format: 'oci', names: [], refName: 'v1' }),
    gzipImage('served', 200_000),
    ctx,
  );
  return path;
}
