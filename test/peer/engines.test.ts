import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it, after, type TestContext } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { systemClock } from '../../src/core/clock.ts';
import { createLimiter } from '../../src/core/limiter.ts';
import type { Context } from '../../src/core/context.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { busyboxEntries, putBase } from '../support/base-images.ts';
import { startDockerd } from '../support/dockerd.ts';
import { peer, slipway } from '../support/program.ts';
import { HELLO, writeApp, writeBuildpacks } from '../support/sample-buildpacks.ts';

const directory = mkdtempSync(join(tmpdir(), 'slipway-engines-'));
const archive = join(directory, 'shop.tar');
const layout = join(directory, 'out');
const isRequired = process.env['SLIPWAY_REQUIRE_PEERS'] === '1';

before(async () => {
  chmodSync(directory, 0o755);
  if (!existsSync('/bin/busybox') || !isOnPath('bwrap')) return;
  const ctx: Context = {
    signal: new AbortController().signal,
    clock: systemClock,
    emit: () => undefined,
    tmp: directory,
    limiter: createLimiter(4),
    product: { version: '0', commit: '', repository: '' },
  };
  await using sink = await openLayoutSink(join(directory, 'base'), 'run', ctx);
  const platform = { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' };
  sink.tag(undefined, await putBase(sink, platform, ctx, { entries: busyboxEntries() }));
  await sink.commit(ctx);
  const { buildpacks, order } = writeBuildpacks(join(directory, 'bp/buildpacks'), [HELLO]);
  const app = writeApp(join(directory, 'app'), { 'note.txt': 'an app\n' });
  const result = await slipway(
    [
      'build',
      'shop',
      '--path',
      app,
      '--buildpacks',
      buildpacks,
      '--order',
      order,
      '--run-image',
      `oci:${join(directory, 'base')}:run`,
      '--output',
      `oci:${layout}`,
      '--output',
      `docker-archive:${archive}`,
      '--output',
      `oci-archive:${join(directory, 'shop-oci.tar')}`,
      '--sandbox',
      'bubblewrap',
    ],
    { env: { HOME: directory } },
  );
  assert.equal(result.code, 0, result.stdout + result.stderr);
});

after(() => rmSync(directory, { recursive: true, force: true }));

/** Skips with the reason; fails instead where peers are required. */
function needs(t: TestContext, ...tools: readonly string[]): boolean {
  const missing = ['busybox', 'bwrap', ...tools].filter((tool) => !isOnPath(tool));
  if (missing.length === 0) return true;
  if (isRequired) assert.fail(`required here and not installed: ${missing.join(', ')}`);
  t.skip(`not installed: ${missing.join(', ')}`);
  return false;
}

describe('real engines read what slipway wrote', () => {
  it('skopeo: docker-archive, oci-archive and layout have the config of one image', (t) => {
    if (!needs(t, 'skopeo')) return;
    const inspect = (reference: string): unknown => JSON.parse(peer('skopeo', ['inspect', '--config', reference]));
    const config = inspect(`oci:${layout}:shop`);
    assert.deepEqual(inspect(`docker-archive:${archive}`), config);
    assert.deepEqual(inspect(`oci-archive:${archive}`), config);
    assert.deepEqual(inspect(`oci-archive:${join(directory, 'shop-oci.tar')}`), config);
  });

  it('umoci unpacks the layout', (t) => {
    if (!needs(t, 'umoci')) return;
    const bundle = join(directory, 'bundle');
    peer('umoci', ['unpack', ...(process.getuid?.() === 0 ? [] : ['--rootless']), '--image', `${layout}:shop`, bundle]);
    assert.equal(readFileSync(join(bundle, 'rootfs/workspace/note.txt'), 'utf8'), 'an app\n');
    assert.ok(readdirSync(join(bundle, 'rootfs/cnb/process')).includes('web'));
  });

  it('podman loads the tar and runs the image', (t) => {
    if (!needs(t, 'podman', 'runc')) return;
    if (process.getuid?.() !== 0) {
      t.skip('podman is started as root here');
      return;
    }
    const store = [
      '--root',
      join(directory, 'podman'),
      '--runroot',
      join(directory, 'podman-run'),
      '--runtime',
      'runc',
    ];
    const loaded = peer('podman', [...store, 'load', '-i', archive]);
    const name = /Loaded image: (\S+)/.exec(loaded)?.[1] ?? assert.fail(loaded);
    const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
    try {
      assert.equal(
        peer('podman', [...store, 'run', '--rm', '--network', 'none', ...limits, name]),
        'hello world from /workspace\n',
      );
    } finally {
      peer('podman', [...store, 'rmi', '--force', name]);
    }
  });

  it('a real dockerd loads the tar and runs the image (E-51)', async (t) => {
    if (!needs(t, 'dockerd', 'docker')) return;
    if (process.getuid?.() !== 0) {
      t.skip('dockerd needs root');
      return;
    }
    await using daemon = await startDockerd(t, join(directory, 'dockerd'));
    if (daemon === undefined) return;
    const docker = (...args: readonly string[]): string =>
      peer('docker', ['--host', `unix://${daemon.socket}`, ...args], { env: { HOME: directory } });
    assert.match(docker('load', '-i', archive), /Loaded image: \S*shop:latest/);
    assert.equal(docker('run', '--rm', '--network', 'none', 'shop:latest'), 'hello world from /workspace\n');
    assert.equal(docker('run', '--rm', '--network', 'none', 'shop:latest', 'given'), 'hello world from /workspace\n');
    assert.equal(
      docker(
        'run',
        '--rm',
        '--network',
        'none',
        '--entrypoint',
        '/cnb/lifecycle/launcher',
        'shop:latest',
        '--',
        'cat',
        'note.txt',
      ),
      'an app\n',
    );
  });
});

function isOnPath(tool: string): boolean {
  return `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`.split(':').some((folder) => existsSync(join(folder, tool)));
}
