import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openFolderCache } from '../../src/cache/folder-cache.ts';
import { platformFeatures } from '../../src/cnb/features.ts';
import { cacheMetadataJson } from '../../src/cnb/labels.ts';
import { EMPTY_LIFECYCLE_METADATA } from '../../src/cnb/layer-metadata.ts';
import { DEFAULT_COMPRESSION } from '../../src/layer/compression.ts';
import { packLayer } from '../../src/layer/pack.ts';
import type { Place } from '../../src/layer/place.ts';
import { hexOf } from '../../src/oci/digest.ts';
import { restore } from '../../src/phases/restore.ts';
import type { BuildCache } from '../../src/ports/layer-cache.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { goldenPlaces } from '../support/golden-layers.ts';

const CDX = '{"bomFormat":"CycloneDX"}';
const FLAGS = { launch: false, build: false, cache: true, data: null } as const;

describe('restore: SBOM files', () => {
  it('of the cache come beside their layers, whose names may hold dots; sbom/ is removed (R-23, R-24, GAP-22)', async (t) => {
    const world = await setUp(t, {
      'a_b/lib/sbom.cdx.json': CDX,
      'a_b/lib/sbom.syft.json': '{}',
      'a_b/lib.v1.2/sbom.spdx.json': '{"spdx":1}',
      'a_b/sbom.cdx.json': 'of the buildpack',
      'a_b/lib/notes.txt': 'none',
      'not_detected/x/sbom.cdx.json': CDX,
    });
    mkdirSync(join(world.layers.real, 'not_detected'));
    await world.restore();
    assert.deepEqual(readdirSync(join(world.layers.real, 'a_b')).sort(), [
      'lib.sbom.cdx.json',
      'lib.sbom.syft.json',
      'lib.v1.2.sbom.spdx.json',
    ]);
    assert.equal(readFileSync(join(world.layers.real, 'a_b/lib.sbom.cdx.json'), 'utf8'), CDX);
    assert.deepEqual(readdirSync(world.layers.real).sort(), ['a_b', 'not_detected']);
    assert.deepEqual(readdirSync(join(world.layers.real, 'not_detected')), []);
    assert.ok(world.lines('info').includes('Restoring data for SBOM from cache'));
    assert.ok(world.lines('debug').includes(`Retrieving SBOM layer data for "${world.sha}"`));
    assert.deepEqual(world.lines('warn'), []);
  });

  it('of the previous image come beside their layers too, over those of the cache', async (t) => {
    const world = await setUp(t, { 'a_b/lib/sbom.cdx.json': 'cache', 'a_b/own/sbom.cdx.json': 'cache' });
    write(join(world.layers.real, 'sbom/launch/a_b/lib/sbom.cdx.json'), 'image');
    await world.restore();
    assert.equal(readFileSync(join(world.layers.real, 'a_b/lib.sbom.cdx.json'), 'utf8'), 'image');
    assert.equal(readFileSync(join(world.layers.real, 'a_b/own.sbom.cdx.json'), 'utf8'), 'cache');
  });

  it('are left out when the buildpack has no directory (R-24)', async (t) => {
    const world = await setUp(t, { 'a_b/lib/sbom.cdx.json': CDX });
    rmSync(join(world.layers.real, 'a_b'), { recursive: true });
    await world.restore();
    assert.deepEqual(readdirSync(world.layers.real), []);
  });

  it('of a cached layer that could not be restored are left out (GAP-23)', async (t) => {
    const world = await setUp(t, { 'a_b/lost/sbom.cdx.json': CDX, 'a_b/lib/sbom.cdx.json': CDX }, ['lost']);
    await world.restore();
    assert.deepEqual(readdirSync(join(world.layers.real, 'a_b')), ['lib.sbom.cdx.json']);
  });

  for (const [what, spoil] of [
    ['missing', (path: string): void => rmSync(path)],
    ['cut off', (path: string): void => truncateSync(path, 30)],
    ['other bytes', (path: string): void => writeFileSync(path, Buffer.alloc(readFileSync(path).byteLength, 1))],
  ] as const) {
    it(`are skipped with a warning when their layer is ${what} (R-35, GAP-21)`, async (t) => {
      const world = await setUp(t, { 'a_b/lib/sbom.cdx.json': CDX });
      spoil(world.blob);
      await world.restore();
      assert.match(world.lines('warn').join('\n'), /^Skipping restore of the SBOM from cache: /);
      assert.deepEqual(readdirSync(join(world.layers.real, 'a_b')), []);
      assert.deepEqual(readdirSync(world.layers.real), ['a_b']);
    });
  }

  it('are never read through a link', async (t) => {
    const world = await setUp(t, { 'a_b/lib/sbom.cdx.json': CDX });
    write(join(world.layers.real, 'sbom/launch/a_b/own/keep'), '');
    symlinkSync('/etc/passwd', join(world.layers.real, 'sbom/launch/a_b/own/sbom.cdx.json'));
    symlinkSync('/etc', join(world.layers.real, 'sbom/launch/a_b/other'));
    await world.restore();
    assert.deepEqual(readdirSync(join(world.layers.real, 'a_b')), ['lib.sbom.cdx.json']);
  });

  it('stay away with -skip-layers (R-25)', async (t) => {
    const world = await setUp(t, { 'a_b/lib/sbom.cdx.json': CDX });
    await world.restore({ skipLayers: true });
    assert.deepEqual(readdirSync(join(world.layers.real, 'a_b')), []);
    assert.deepEqual(world.lines('info'), ['Skipping buildpack layer analysis']);
  });
});

interface World {
  readonly layers: Place;
  readonly sha: string;
  /** Path of the SBOM layer's blob. */
  readonly blob: string;
  readonly restore: (options?: { readonly skipLayers?: boolean }) => Promise<void>;
  readonly lines: (level: string) => readonly string[];
}

/** A cache whose SBOM layer has these files, and names of cached layers that it does not have. */
async function setUp(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  lost: readonly string[] = [],
): Promise<World> {
  const ctx = testContext(t);
  const directory = temporaryDirectory(t);
  const { layers: source } = goldenPlaces(t);
  for (const [name, text] of Object.entries(files)) write(join(source.real, 'sbom/cache', name), text);
  const writer = await openFolderCache(directory, ctx);
  assert.ok(writer.staging);
  const from = { kind: 'dir', place: source, path: '/layers/sbom/cache' } as const;
  const {
    layers: [layer],
  } = await packLayer(from, writer.staging, ctx, { compressions: [DEFAULT_COMPRESSION], family: 'oci' });
  await writer.add(layer, ctx);
  const records = lost.map((name) => [name, { ...FLAGS, sha: `sha256:${'1'.repeat(64)}` }] as const);
  const layersOfBuildpack = Object.fromEntries(records);
  const buildpacks = [{ key: 'a/b', version: '1', layers: layersOfBuildpack }];
  await writer.commit(cacheMetadataJson({ sbom: layer.diffId, buildpacks }), ctx);
  const { layers } = goldenPlaces(t);
  mkdirSync(join(layers.real, 'a_b'));
  const cache: BuildCache = await openFolderCache(directory, ctx);
  return {
    layers,
    sha: layer.diffId,
    blob: join(directory, 'blobs/sha256', hexOf(layer.descriptor.digest)),
    lines: (level) => linesOf(ctx, level),
    restore: (options = {}) =>
      restore(
        {
          layers,
          group: [{ kind: 'buildpack', id: 'a/b', version: '1', api: '0.10' }],
          metadata: EMPTY_LIFECYCLE_METADATA,
          features: platformFeatures('0.15'),
          skipLayers: options.skipLayers ?? false,
          execEnv: 'production',
        },
        { cache },
        ctx,
      ),
  };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function linesOf(ctx: TestContextOf, level: string): readonly string[] {
  return ctx.events.flatMap((event) => {
    const isSkip = event.type === 'log' && event.message.startsWith('Skipping restore for layer');
    return event.type === 'log' && event.level === level && !isSkip ? [event.message] : [];
  });
}
