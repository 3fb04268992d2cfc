import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { APP_PORT, askApp, assertAnswered } from '../support/asked-app.ts';
import { eventsOf } from '../support/build-runs.ts';
import { temporaryDirectory } from '../support/context.ts';
import { debianBed, debianImages, type DebianBed } from '../support/debian-bed.ts';
import { debianRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { findTool, missingOutside, missingPeer } from '../support/peers.ts';
import { peer, slipway } from '../support/program.ts';
import { bubblewrapOrSkip } from '../support/sandbox.ts';

/** What CI must have and other machines may. */
const ENGINES = ['podman', 'runc', 'crun', 'umoci'];

describe('a builder over Debian, in a registry', () => {
  it('builds without root and without Docker into registry, layout and docker tar; root makes the same image; it answers over HTTP', async (t) => {
    const bed = await openBed(t);
    if (bed === undefined) return;
    const [image, layout, tar] = [`${bed.registry}/apps/web:1`, 'oci:out:web', 'docker-archive:web.tar'];
    const outputs = ['--publish', '--output', layout, '--output', tar];
    const args = ['build', image, '--builder', bed.builder, '--path', 'app', ...outputs];
    const first = await slipway([...args, '--progress', 'json'], bed.options);
    if (first.code !== 0 && /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT/.test(first.stdout)) {
      missingOutside(t, 'the npm registry cannot be reached');
      return;
    }
    assert.equal(first.code, 0, first.stdout.slice(-4000) + first.stderr);
    assert.deepEqual(
      eventsOf(first, 'sandbox.chosen').map(({ strategy }) => strategy),
      ['bubblewrap'],
    );
    assert.equal(eventsOf(first, 'rootfs.unpacked').length, 1);

    const second = await slipway([...args, '--quiet'], bed.options);
    assert.equal(second.code, 0, second.stderr);
    const digest = second.stdout.trim();
    assert.equal(eventsOf(first, 'build.end')[0]?.['digest'], digest, 'the second build gave another digest');
    for (const location of [image, layout, tar]) {
      const { stdout } = await slipway(['image', 'digest', location], bed.options);
      assert.equal(stdout.trim(), digest, location);
    }
    for (const sandbox of ['bubblewrap', 'unshare', 'crun', 'chroot'])
      assert.equal(await builtByRoot(bed, sandbox), digest, `${sandbox} as root gave another image`);
    await runsInPodman(t, bed);
    await runsInCrun(t, bed);
  });
});

interface Bed extends DebianBed {
  readonly registry: string;
}

async function openBed(t: TestContext): Promise<Bed | undefined> {
  const missing = ENGINES.filter((name) => findTool(name) === undefined);
  if (missing.length > 0 || process.getuid?.() !== 0) {
    missingPeer(
      t,
      missing.length > 0 ? `not installed: ${missing.join(', ')}` : 'the engines are started as root here',
    );
    return undefined;
  }
  if ((await bubblewrapOrSkip(t)) === undefined) return undefined;
  const images = await debianImages(t);
  const registry = images === undefined ? undefined : await startDockerRegistry(t, debianRegistry(t));
  if (images === undefined || registry === undefined) return undefined;
  return { ...(await debianBed(t, images, registry)), registry };
}

/** The digest of a fresh build by root, which has a store of its own. */
async function builtByRoot(bed: DebianBed, sandbox: string): Promise<string> {
  const args = ['build', 'web', '--builder', bed.builder, '--path', 'app', '--clear-cache', '--sandbox', sandbox];
  const built = await slipway([...args, '--output', `oci:root-${sandbox}`, '--quiet'], {
    cwd: bed.directory,
    env: { HOME: join(bed.directory, 'root-home') },
  });
  assert.equal(built.code, 0, `${sandbox}: ${built.stderr}`);
  return built.stdout.trim();
}

/** The docker tar, loaded and started as it is. */
async function runsInPodman(t: TestContext, bed: DebianBed): Promise<void> {
  const store = temporaryDirectory(t);
  const podman = [
    'podman',
    '--root',
    join(store, 'root'),
    '--runroot',
    join(store, 'run'),
    '--runtime',
    'runc',
  ] as const;
  const [program, ...places] = podman;
  const loaded = peer(program, [...places, 'load', '--input', join(bed.directory, 'web.tar')]);
  const name = /Loaded image: (\S+)/.exec(loaded)?.[1] ?? assert.fail(loaded);
  try {
    const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
    const variables = Object.entries(APP_PORT).flatMap((pair) => ['--env', pair.join('=')]);
    assertAnswered(await askApp([...podman, 'run', '--rm', '--network', 'host', ...limits, ...variables, name]));
  } finally {
    peer(program, [...places, 'rmi', '--force', name]);
  }
}

/** The layout, unpacked by umoci, in crun; that wants cgroup version 2, which is mounted for it alone. */
async function runsInCrun(t: TestContext, bed: DebianBed): Promise<void> {
  const scratch = temporaryDirectory(t);
  const bundle = join(scratch, 'bundle');
  peer('umoci', ['unpack', '--image', `${join(bed.directory, 'out')}:web`, bundle]);
  const file = join(bundle, 'config.json');
  writeFileSync(file, inThisNetwork(JSON.parse(readFileSync(file, 'utf8'))));
  const script = [
    'mount --make-rprivate /',
    'mount -t cgroup2 cgroup2 /sys/fs/cgroup',
    `exec crun --cgroup-manager disabled --root ${scratch}/state run --bundle ${bundle} ${scratch.replaceAll('/', '-').slice(1)}`,
  ].join(' && ');
  assertAnswered(await askApp(['unshare', '--mount', '--', '/bin/sh', '-c', script]));
}

/** What of umoci's config is for somebody with more rights, or would keep the app from being asked. */
const LEFT_OUT = ['terminal', 'rlimits', 'resources'];

/** The image's config as umoci wrote it, with the app's port, in the network of this machine. */
function inThisNetwork(config: unknown): string {
  const port = Object.entries(APP_PORT).map((pair) => pair.join('='));
  return JSON.stringify(config, (key, value: unknown) => {
    if (LEFT_OUT.includes(key)) return undefined;
    if (!Array.isArray(value)) return value;
    const list: readonly unknown[] = value;
    if (key === 'env') return [...list, ...port];
    return key === 'namespaces' ? list.filter((one) => JSON.stringify(one) !== '{"type":"network"}') : list;
  });
}
