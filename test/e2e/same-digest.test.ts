import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chownSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { selectImage } from '../../src/store/select.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { testContext } from '../support/context.ts';
import { buildFixture, type BuildFixture } from '../support/build-fixture.ts';
import { assertSucceeded, manifestDigest, runOptions } from '../support/build-runs.ts';
import { otherNode } from '../support/other-node.ts';
import { findTool, missingPeer } from '../support/peers.ts';
import { finished, peer, slipway, type ProgramOptions } from '../support/program.ts';
import { startRegistry } from '../support/registry.ts';
import { bubblewrapOrSkip } from '../support/sandbox.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';

/** Writes into the app and into layers; most modes are left to the umask. */
const MAKER: SampleBuildpack = {
  id: 'test/maker',
  build: `mkdir -p "$1/tool/bin" "$1/tool/env" "$1/data"
printf '#!/bin/sh\\necho hello\\n' >"$1/tool/bin/hello"; chmod 755 "$1/tool/bin/hello"
printf world >"$1/tool/env/GREETED"; seq 1 400000 >"$1/data/numbers"
printf '[types]\\nlaunch = true\\n' >"$1/tool.toml"; printf '[types]\\nlaunch = true\\ncache = true\\n' >"$1/data.toml"
printf '[[processes]]\\ntype = "web"\\ncommand = ["hello"]\\ndefault = true\\n' >"$1/launch.toml"
pwd >where.txt; rm -f index.html`,
};

/** The facts of an image that must not depend on where and when it was built. */
interface Facts {
  readonly manifest: string;
  readonly config: string;
  readonly layers: readonly string[];
  readonly diffIds: readonly string[];
}

describe('one build, one digest', () => {
  it('from two checkouts at other paths, with other times and by other users', async (t) => {
    if ((await bubblewrapOrSkip(t)) === undefined) return;
    const here = await makerFixture(t);
    const there = await makerFixture(t);
    for (const name of readdirSync(there.app)) utimesSync(join(there.app, name), 1, 1);
    const first = await build(t, here);
    assert.deepEqual(await build(t, there), first);
    if (process.getuid?.() !== 0) {
      t.diagnostic('other users are not tried: only root can become one');
      return;
    }
    const theirs = await makerFixture(t);
    ownAll(theirs.directory, 65534);
    assert.deepEqual(await build(t, theirs, { user: { uid: 65534, gid: 65534 } }), first);
  });

  it('whatever the umask, the time zone, the locale and the number of threads', async (t) => {
    if ((await bubblewrapOrSkip(t)) === undefined) return;
    const first = await build(t, await makerFixture(t));
    const worlds: readonly Readonly<Record<string, string>>[] = [
      { TZ: 'Pacific/Kiritimati' },
      { LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8', TZ: 'America/St_Johns' },
      { UV_THREADPOOL_SIZE: '1' },
      { UV_THREADPOOL_SIZE: '8' },
      // Not a name that is merely missing: root would make it, and find its cache there the next time.
      { HOME: '/dev/null', USER: 'someone-else', LOGNAME: 'someone-else' },
    ];
    for (const env of worlds)
      assert.deepEqual(await build(t, await makerFixture(t), { env }), first, JSON.stringify(env));
    for (const umask of [0o077, 0o002]) {
      const fixture = await makerFixture(t);
      assert.deepEqual(await withUmask(umask, () => build(t, fixture)), first, `umask ${umask.toString(8)}`);
    }
  });

  it('after a cached build as after a fresh one', async (t) => {
    if ((await bubblewrapOrSkip(t)) === undefined) return;
    const fixture = await makerFixture(t);
    const cached = { ...fixture, args: [...fixture.args, '--cache-dir', 'cache', '--launch-cache', 'cache'] };
    const first = await build(t, cached);
    assert.deepEqual(await build(t, cached), first);
    assert.deepEqual(await build(t, await makerFixture(t)), first);
  });
});

describe('one export, one manifest digest', () => {
  it('in a registry, a layout, an oci-archive and a docker-archive', async (t) => {
    const fixture = await makerFixture(t);
    const registry = await startRegistry(t);
    const pushed = `docker://${registry.name}/acme/shop:1`;
    const locations = ['oci:out', 'oci-archive:oci.tar', 'docker-archive:docker.tar', pushed];
    const flags = locations.flatMap((location) => ['--output', location]);
    const result = await slipway([...fixture.args, ...flags, '--quiet', '--sandbox', 'host'], runOptions(fixture));
    assert.equal(result.code, 0, result.stderr);
    const digest = result.stdout.trim();
    for (const location of locations) assert.equal(await manifestDigest(fixture, location), digest, location);
    const answer = await fetch(`${registry.url}/v2/acme/shop/manifests/1`);
    assert.equal(answer.headers.get('docker-content-digest'), digest);
    await answer.arrayBuffer();
    const skopeo = findTool('skopeo');
    if (skopeo === undefined) {
      if (process.env['SLIPWAY_REQUIRE_PEERS'] === '1') missingPeer(t, 'skopeo is not installed');
      t.diagnostic('not compared with skopeo: it is not installed');
      return;
    }
    // Not spawnSync: the registry answers from this process.
    const seen = async (location: string, args: readonly string[] = []): Promise<string> => {
      const argv = ['inspect', ...args, '--format', '{{.Digest}}', location];
      const read = await finished(spawn(skopeo, argv, { cwd: fixture.directory }));
      assertSucceeded(read);
      return read.stdout.trim();
    };
    assert.equal(await seen('oci:out'), digest);
    assert.equal(await seen('oci-archive:oci.tar'), digest);
    assert.equal(await seen('oci-archive:docker.tar'), digest, 'the docker archive is an OCI layout too');
    assert.equal(await seen(pushed, ['--tls-verify=false', '--no-creds']), digest);
  });
});

describe('one build on two Nodes', () => {
  it('has the same diffIDs and config digest', async (t) => {
    const other = otherNode();
    if (other === undefined) {
      missingPeer(t, 'no second Node: set SLIPWAY_TEST_NODE');
      return;
    }
    if ((await bubblewrapOrSkip(t)) === undefined) return;
    const [mine, theirs] = [
      await build(t, await makerFixture(t)),
      await build(t, await makerFixture(t), { node: other }),
    ];
    const versions = `${process.version} and ${peer(other, ['--version']).trim()}`;
    assert.deepEqual(theirs.diffIds, mine.diffIds);
    assert.equal(theirs.config, mine.config);
    const equal = theirs.layers.filter((digest, index) => digest === mine.layers[index]).length;
    const same = theirs.manifest === mine.manifest ? 'the same manifest digest' : 'another manifest digest';
    t.diagnostic(`${versions}: ${String(equal)} of ${String(mine.layers.length)} layer blobs are equal, ${same}`);
    const plain = ['--output', 'oci:out;compression=none'];
    const [a, b] = [
      await build(t, await makerFixture(t), {}, plain),
      await build(t, await makerFixture(t), { node: other }, plain),
    ];
    assert.deepEqual(b, a, 'uncompressed images are equal everywhere');
  });
});

async function makerFixture(t: TestContext): Promise<BuildFixture> {
  return buildFixture(t, { buildpacks: [MAKER] });
}

async function build(
  t: TestContext,
  fixture: BuildFixture,
  options: ProgramOptions = {},
  output: readonly string[] = ['--output', 'oci:out'],
): Promise<Facts> {
  const result = await slipway(
    [...fixture.args, ...output, '--quiet', '--sandbox', 'bubblewrap'],
    runOptions(fixture, options),
  );
  assertSucceeded(result);
  return facts(t, fixture);
}

/** The image in the fixture's `out`, with the digests that name its parts. */
async function facts(t: TestContext, fixture: BuildFixture): Promise<Facts> {
  const directory = join(fixture.directory, 'out');
  const options = { role: 'image', hostArchitecture: 'amd64' } as const;
  const image = await selectImage(openLayout(directory), parseLocation(`oci:${directory}`), testContext(t), options);
  return {
    manifest: image.manifestDigest,
    config: digestOf(image.rawConfig),
    layers: image.layers.map(({ descriptor }) => descriptor.digest),
    diffIds: image.layers.map(({ diffId }) => diffId),
  };
}

async function withUmask<T>(mask: number, task: () => Promise<T>): Promise<T> {
  const before = process.umask(mask);
  try {
    return await task();
  } finally {
    process.umask(before);
  }
}

function ownAll(path: string, uid: number): void {
  chownSync(path, uid, uid);
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) ownAll(join(path, entry.name), uid);
    else chownSync(join(path, entry.name), uid, uid);
}
