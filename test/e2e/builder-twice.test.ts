import assert from 'node:assert/strict';
import { cpSync, lstatSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { builderBed, type BuilderBed } from '../support/builder-bed.ts';
import { assertSucceeded, eventsOf, parseObject } from '../support/build-runs.ts';
import { findTool } from '../support/peers.ts';
import { peer, slipway, type ProgramResult } from '../support/program.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import type { SampleBuildpack } from '../support/sample-buildpacks.ts';
import { asAnother, buildWords, OBSERVER } from '../support/sandboxed-build.ts';

/** Keeps its layer when it is known already, as buildpacks do that look at their metadata. */
const KEEPER: SampleBuildpack = {
  id: 'test/keeper',
  build: `if [ ! -f "$1/kept.toml" ]; then mkdir -p "$1/kept"; echo data >"$1/kept/data"; fi
printf '[types]\\nlaunch = true\\n' >"$1/kept.toml"
printf '[[processes]]\\ntype = "web"\\ncommand = ["true"]\\ndefault = true\\n' >"$1/launch.toml"`,
};

describe('a second build with nothing changed', () => {
  it('unpacks nothing, reads and writes no layer, and has the same digest', async (t) => {
    const bed = await builderBed(t, { buildpacks: [KEEPER] });
    if (bed === undefined) return;
    const registry = await startRegistry(t);
    const images = await pushImages(bed, registry);
    const shop = `${registry.name}/apps/shop:1`;
    const args = ['--output', `docker://${shop}`, '--output', 'oci:out'];
    const build = (): Promise<ProgramResult> =>
      bed.build([...args, '--run-image', images.run, '--progress', 'json'], {}, ['--builder', images.builder]);
    const first = await build();
    assertSucceeded(first);
    assert.equal(eventsOf(first, 'rootfs.unpacked').length, 1);

    const before = treeOf(bed);
    registry.requests.length = 0;
    const second = await build();
    assertSucceeded(second);
    assert.equal(eventsOf(second, 'rootfs.unpacked').length, 0);
    assert.deepEqual(treeOf(bed), before, 'files of the unpacked builder are others');
    const [end, earlier] = [eventsOf(second, 'build.end')[0], eventsOf(first, 'build.end')[0]];
    assert.equal(end?.['digest'], earlier?.['digest']);
    const written = Array.isArray(end?.['outputs']) ? end['outputs'] : [];
    assert.deepEqual(
      written.map((output: unknown) => parseObject(JSON.stringify(output))['blobsWritten']),
      [0, 0],
    );
    const states = eventsOf(second, 'layer').map(({ status }) => String(status));
    assert.deepEqual([...new Set(states)].sort(), ['referenced', 'reused']);
    // It fetches manifests and configs, and asks whether blobs are there.
    const layers = await layersIn(bed, [images.run, images.builder, shop]);
    assert.ok(layers.length > 10);
    const read = registry.requests.filter(
      ({ method, path }) => method === 'GET' && layers.some((digest) => path.includes(digest)),
    );
    assert.deepEqual(read, []);
    // An upload is begun and given up, which asks for the right to write; no byte of a blob is sent.
    const sent = registry.requests.filter(({ path, bodyBytes }) => bodyBytes > 0 && path.includes('/blobs/'));
    assert.deepEqual(sent, []);
  });
});

describe('one builder', () => {
  it('gives one image wherever the builder is read from', async (t) => {
    const bed = await builderBed(t, { buildpacks: [OBSERVER] });
    if (bed === undefined) return;
    const registry = await startRegistry(t);
    const { builder } = await pushImages(bed, registry);
    const places = ['oci:builder', builder, 'oci-archive:builder.tar', 'docker-archive:docker.tar'];
    const copies = places.slice(2).map((place) => ['image', 'copy', 'oci:builder', place]);
    for (const words of copies) assertSucceeded(await slipway(words, bed.options));
    const skopeo = findTool('skopeo');
    if (skopeo !== undefined) {
      // Old docker's format: another manifest over the same layers, uncompressed.
      peer(skopeo, ['copy', '--quiet', 'oci:builder', 'docker-archive:old.tar:builder:old'], {
        cwd: bed.fixture.directory,
      });
      places.push('docker-archive:old.tar');
    }
    const digests = new Map<string, string>();
    for (const place of places) {
      const built = await bed.build(['--output', 'oci:out', '--quiet'], {}, ['--builder', place]);
      assert.equal(built.code, 0, `${place}: ${built.stderr}`);
      digests.set(place, built.stdout.trim());
    }
    assert.equal(new Set(digests.values()).size, 1, JSON.stringify([...digests]));
  });

  it('is unpacked once by two builds that start at once with an empty store', async (t) => {
    const bed = await builderBed(t, { buildpacks: [OBSERVER] });
    if (bed === undefined) return;
    const both = await Promise.all(
      ['one', 'two'].map((name) => bed.build(['--output', `oci:${name}`, '--progress', 'json'])),
    );
    for (const built of both) assertSucceeded(built);
    assert.equal(both.flatMap((built) => eventsOf(built, 'rootfs.unpacked')).length, 1);
    assert.equal(new Set(both.map((built) => eventsOf(built, 'build.end')[0]?.['digest'])).size, 1);
  });

  it('gives one image from two checkouts with other times and modes, by two users in two sandboxes', async (t) => {
    const bed = await builderBed(t, { buildpacks: [OBSERVER] });
    if (bed === undefined) return;
    const first = await bed.build(['--output', 'oci:one', '--quiet']);
    assertSucceeded(first);
    const app = otherCheckout(bed);
    const other = asAnother(bed);
    const words = buildWords(['--output', 'oci:other-home/two', '--quiet', '--sandbox', 'unshare']);
    const second = await slipway(
      words.map((word) => (word === 'app' ? app : word)),
      { ...other, env: { ...other.env, TZ: 'Asia/Tokyo' } },
    );
    assertSucceeded(second);
    assert.equal(second.stdout.trim(), first.stdout.trim());
  });
});

async function pushImages(
  bed: BuilderBed,
  { name }: TestRegistry,
): Promise<{ readonly run: string; readonly builder: string }> {
  const [run, builder] = [`${name}/base/run:1`, `${name}/acme/builder:1`];
  assertSucceeded(await slipway(['image', 'copy', 'oci:run', run], bed.options));
  assertSucceeded(await slipway(['image', 'copy', 'oci:builder', builder], bed.options));
  return { run, builder };
}

/** The digests of the layers of images. */
async function layersIn(bed: BuilderBed, images: readonly string[]): Promise<readonly string[]> {
  const texts = await Promise.all(images.map((image) => slipway(['image', 'manifest', image], bed.options)));
  return texts.flatMap(({ stdout }) => {
    const { layers } = parseObject(stdout);
    if (!Array.isArray(layers)) return assert.fail(stdout);
    return layers.map((layer: unknown) => String(parseObject(JSON.stringify(layer))['digest']));
  });
}

/** The unpacked builder, file for file: what was written again has another time or number. */
function treeOf({ fixture }: BuilderBed): readonly string[] {
  const store = join(fixture.directory, 'home', '.cache', 'slipway', 'rootfs');
  const [entry = ''] = readdirSync(store).filter((name) => name.startsWith('sha256-') && !name.includes('.'));
  const root = join(store, entry, 'root');
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  assert.ok(names.length > 20);
  return names
    .map((name) => {
      const { ino, mtimeMs, ctimeMs, size } = lstatSync(join(root, name));
      return [name, ino, mtimeMs, ctimeMs, size].join(' ');
    })
    .sort();
}

/** The app again at another path, older. */
function otherCheckout(bed: BuilderBed): string {
  const app = join(bed.fixture.directory, 'a', 'deeper', 'checkout');
  cpSync(bed.fixture.app, app, { recursive: true });
  for (const name of readdirSync(app, { recursive: true, encoding: 'utf8' })) utimesSync(join(app, name), 1, 1);
  return app;
}
