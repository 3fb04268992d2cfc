import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { collect } from '../../src/core/bytes.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { decodeManifest } from '../../src/oci/manifest.ts';
import { layoutBackend, memoryBackend } from '../../src/registryd/serve.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { ANN_SECRET, debianRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { gzipImage } from '../support/gzip-image.ts';
import { requirePeer } from '../support/peers.ts';
import { pushImage, startRegistry, testClient } from '../support/registry.ts';

describe('registry peers', () => {
  it("what we push to Debian's docker-registry, skopeo reads and copies, and we read back", async (t) => {
    const skopeo = requirePeer(t, 'skopeo');
    const registry = skopeo === undefined ? undefined : await startDockerRegistry(t, debianRegistry(t));
    if (skopeo === undefined || registry === undefined) return;
    const ctx = testContext(t);
    const image = gzipImage('pushed', 3_000_000);
    const client = testClient(t);
    const base = client.repository(registry, 'base');
    await base.checkWrite(ctx);
    await pushImage(base.openSink('v1'), image, ctx);
    const app = client.repository(registry, 'team/app');
    assert.equal(await app.openSink('v1').put(image.layer, ctx, { origins: [base.origin] }), 'mounted');
    await pushImage(app.openSink('v1'), image, ctx);
    await pushImage(app.openSink('v2'), image, ctx);

    const inspected: unknown = JSON.parse(
      run(skopeo, ['inspect', '--tls-verify=false', `docker://${registry}/team/app:v1`]),
    );
    assert.ok(typeof inspected === 'object' && inspected !== null && 'Digest' in inspected);
    assert.equal(inspected.Digest, image.manifest.descriptor.digest);
    const copy = join(temporaryDirectory(t), 'copy');
    run(skopeo, ['copy', '--src-tls-verify=false', `docker://${registry}/team/app:v2`, `oci:${copy}:v2`]);
    assert.ok(existsSync(join(copy, 'blobs', 'sha256', image.layer.descriptor.digest.slice('sha256:'.length))));

    const fresh = testClient(t).repository(registry, 'team/app');
    assert.deepEqual(await fresh.tags(ctx), ['v1', 'v2']);
    assert.deepEqual((await fresh.resolve('v1', ctx)).descriptor, image.manifest.descriptor);
    const bytes = await collect(fresh.open(image.layer.descriptor, ctx), 4e6, 'layer');
    assert.equal(digestOf(bytes), image.layer.descriptor.digest);
    await assert.rejects(() => fresh.resolve('v9', ctx), {
      code: 'IMAGE_NOT_FOUND',
      details: {
        repository: `${registry}/team/app`,
        request: 'GET /v2/team/app/manifests/v9',
        status: '404',
        'registry says': 'MANIFEST_UNKNOWN: manifest unknown',
        scope: 'repository:team/app:pull',
        credentials: 'none',
      },
    });
  });

  it("Debian's docker-registry with basic authentication takes our credentials and refuses others with its words", async (t) => {
    const registry = await startDockerRegistry(t, debianRegistry(t), { htpasswd: ANN_SECRET });
    if (registry === undefined) return;
    const ctx = testContext(t);
    const client = testClient(t, {
      found: { credentials: { kind: 'basic', username: 'ann', password: 'secret' }, trace: [] },
    });
    await pushImage(client.repository(registry, 'app').openSink('v1'), gzipImage('auth', 1000), ctx);
    await assert.rejects(() => testClient(t).repository(registry, 'app').checkRead('v1', ctx), {
      code: 'REGISTRY_UNAUTHORIZED',
    });
  });

  it('skopeo pushes to our registry and pulls from it, in memory and over a layout', async (t) => {
    const skopeo = requirePeer(t, 'skopeo');
    if (skopeo === undefined) return;
    for (const backend of [memoryBackend(), layoutBackend(join(temporaryDirectory(t), 'served'))]) {
      const registry = await startRegistry(t, { backend });
      const image = gzipImage('peer', 500_000);
      const own = testClient(t).repository(registry.name, 'ours');
      await pushImage(own.openSink('v1'), image, registry.ctx);
      const directory = temporaryDirectory(t);
      await runAsync(skopeo, [
        'copy',
        '--src-tls-verify=false',
        `docker://${registry.name}/ours:v1`,
        `oci:${directory}/out:v1`,
      ]);
      await runAsync(skopeo, [
        'copy',
        '--dest-tls-verify=false',
        `oci:${directory}/out:v1`,
        `docker://${registry.name}/theirs:v2`,
      ]);
      const theirs = testClient(t).repository(registry.name, 'theirs');
      const raw = await theirs.resolve('v2', registry.ctx);
      const manifest = decodeManifest(raw, 'theirs');
      assert.ok(manifest.kind === 'manifest');
      for (const part of [manifest.config, ...manifest.layers])
        assert.equal(digestOf(await collect(theirs.open(part, registry.ctx), 1e6, 'blob')), part.digest);
      const listed = await runAsync(skopeo, ['list-tags', '--tls-verify=false', `docker://${registry.name}/theirs`]);
      assert.match(listed, /"v2"/);
    }
  });

  it('skopeo authenticates against our registry, basic and bearer', async (t) => {
    const skopeo = requirePeer(t, 'skopeo');
    if (skopeo === undefined) return;
    for (const kind of ['basic', 'bearer'] as const) {
      const registry = await startRegistry(t, { auth: { kind, users: { ann: 'secret' } } });
      const found = { credentials: { kind: 'basic', username: 'ann', password: 'secret' }, trace: [] } as const;
      const repository = testClient(t, { found }).repository(registry.name, 'app');
      await pushImage(repository.openSink('v1'), gzipImage(kind, 1000), registry.ctx);
      const image = `docker://${registry.name}/app`;
      const access = [
        '--src-tls-verify=false',
        '--dest-tls-verify=false',
        '--src-creds=ann:secret',
        '--dest-creds=ann:secret',
      ];
      await runAsync(skopeo, ['copy', ...access, `${image}:v1`, `${image}:v2`]);
      await assert.rejects(() => runAsync(skopeo, ['inspect', '--tls-verify=false', '--no-creds', `${image}:v1`]));
    }
  });
});

function run(program: string, args: readonly string[]): string {
  const result = spawnSync(program, args, { encoding: 'utf8' });
  assert.equal(result.status, 0, `${program} ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

/** Like `run`, while this process goes on serving. */
async function runAsync(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`${program} ${args.join(' ')}: ${output.join('')}`);
  return output.join('');
}
