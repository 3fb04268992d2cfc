import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openFolderCache } from '../../src/cache/folder-cache.ts';
import { openFolderLayerStore } from '../../src/cache/layer-store.ts';
import { LIFECYCLE_METADATA_LABEL } from '../../src/cnb/labels.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import type { ExportInput, ExportPorts } from '../../src/phases/export.ts';
import { lifecycleGuard } from '../../src/platform/stage.ts';
import type { BlobStaging } from '../../src/ports/store.ts';
import { BlobDirectory } from '../../src/store/blob-directory.ts';
import { temporaryDirectory } from '../support/context.ts';
import { BASE, exportWorld, lifecycleMetadataOf, NO_METADATA } from '../support/export-world.ts';
import { rejectionOf } from '../support/failure.ts';
import { fixtureImage, RUN_V1 } from '../support/fixture-image.ts';
import { startRegistry } from '../support/registry.ts';

describe('exportImage: outputs', () => {
  it('registry, layout and archives have one manifest digest', async (t) => {
    const world = await exportWorld(t);
    const registry = await startRegistry(t);
    const directory = temporaryDirectory(t);
    const locations = [
      `oci:${directory}/layout:v1`,
      `${registry.name}/my/app:v1`,
      `oci-archive:${directory}/app.oci.tar:v1`,
      `docker-archive:${directory}/app.tar:example.com/my/app:v1`,
    ];
    const output = await world.export(locations);
    assert.deepEqual(
      output.outputs.map((each) => each.error),
      locations.map(() => undefined),
    );
    for (const location of locations) {
      const image = await world.find(location);
      assert.equal(image.manifestDigest, output.digest, location);
      assert.deepEqual(image.config.cmd, []);
    }
    assert.deepEqual(
      output.outputs.map((each) => each.names),
      locations.map((each) => [each]),
    );
    assert.equal(output.manifestSize, output.outputs[0]?.manifestSize);
  });

  it('one that fails leaves the others, and is told (E-34)', async (t) => {
    const world = await exportWorld(t);
    const registry = await startRegistry(t, { readOnly: true });
    const directory = temporaryDirectory(t);
    const locations = [`${registry.name}/my/app:v1`, `oci:${directory}/layout:v1`];
    const output = await world.export(locations);
    assert.match(output.outputs[0]?.error ?? '', /read.only|405|refus/i);
    assert.ok(output.outputs[0]?.cause instanceof SlipwayError);
    assert.equal(output.outputs[1]?.error, undefined);
    assert.equal((await world.find(locations[1] ?? '')).manifestDigest, output.digest);
    assert.match(world.lines('info').find((line) => line.includes('my/app:v1 - ')) ?? '', /^ {6}127/);
  });

  it('nothing is visible of an export that fails before', async (t) => {
    const world = await exportWorld(t);
    rmSync(join(world.input.layers.real, 'config'), { recursive: true });
    const directory = join(temporaryDirectory(t), 'layout');
    await assert.rejects(world.export([`oci:${directory}:v1`]));
    assert.ok(!existsSync(join(directory, 'index.json')));
  });

  it('says what it does in the words of the lifecycle', async (t) => {
    const world = await exportWorld(t);
    world.layer('rt', { launch: true });
    const directory = temporaryDirectory(t);
    const cache = await openFolderCache(join(directory, 'cache'), world.ctx);
    world.layer('c', { cache: true });
    const output = await world.export(
      [`oci:${directory}/layout:v1`],
      { cache },
      { lifecycleSboms: { real: directory, logical: '/cnb/lifecycle' } },
    );
    assert.deepEqual(world.lines('warn'), [
      'Did not find SBOM lifecycle.sbom.cdx.json in /cnb/lifecycle',
      'Did not find SBOM lifecycle.sbom.spdx.json in /cnb/lifecycle',
      'Did not find SBOM lifecycle.sbom.syft.json in /cnb/lifecycle',
      'Did not find SBOM launcher.sbom.cdx.json in /cnb/lifecycle',
      'Did not find SBOM launcher.sbom.spdx.json in /cnb/lifecycle',
      'Did not find SBOM launcher.sbom.syft.json in /cnb/lifecycle',
    ]);
    assert.deepEqual(world.lines('info'), [
      "Adding layer 'a/b:rt'",
      'Added 1/1 app layer(s)',
      "Adding layer 'buildpacksio/lifecycle:launcher'",
      "Adding layer 'buildpacksio/lifecycle:config'",
      "Adding label 'io.buildpacks.lifecycle.metadata'",
      "Adding label 'io.buildpacks.build.metadata'",
      "Adding label 'io.buildpacks.project.metadata'",
      "Adding label 'io.buildpacks.exec-env'",
      'no default process type',
      `Saving oci:${directory}/layout:v1...`,
      `*** Images (${output.digest}):`,
      `      oci:${directory}/layout:v1`,
      "Adding cache layer 'a/b:c'",
    ]);
    assert.ok(world.lines('debug').includes(`\n*** Manifest Size: ${String(output.manifestSize)}`));
    assert.ok(!existsSync(join(world.input.layers.real, 'sbom')));
  });
});

describe('exportImage: what exists is not compressed again', () => {
  it('a layer in launch cache and cache is stored once, and taken from there when there is no previous image', async (t) => {
    const world = await exportWorld(t);
    world.layer('both', { launch: true, cache: true });
    const folder = join(temporaryDirectory(t), 'one-folder');
    const open = async (): Promise<Partial<ExportPorts>> => ({
      cache: await openFolderCache(folder, world.ctx),
      launchCache: await openFolderLayerStore(folder, world.ctx),
    });
    const first = await world.export([`oci:${temporaryDirectory(t)}`], await open());
    const blobs = readdirSync(join(folder, 'blobs/sha256'));
    assert.equal(blobs.length, 4);
    const staging = countingStaging(temporaryDirectory(t));
    const second = await world.export([`oci:${temporaryDirectory(t)}`], { ...(await open()), staging });
    assert.equal(staging.begun(), 0);
    assert.equal(second.digest, first.digest);
    assert.deepEqual(readdirSync(join(folder, 'blobs/sha256')), blobs);
  });

  it('a cached blob that proves wrong is a warning, and the layer is made again (E-44)', async (t) => {
    const world = await exportWorld(t);
    world.layer('both', { launch: true });
    const folder = join(temporaryDirectory(t), 'cache');
    const first = await world.export([`oci:${temporaryDirectory(t)}`], {
      launchCache: await openFolderLayerStore(folder, world.ctx),
    });
    for (const name of readdirSync(join(folder, 'blobs/sha256'))) {
      const path = join(folder, 'blobs/sha256', name);
      writeFileSync(path, Buffer.alloc(readFileSync(path).byteLength, 1));
    }
    const second = await world.export([`oci:${temporaryDirectory(t)}`], {
      launchCache: await openFolderLayerStore(folder, world.ctx),
    });
    assert.equal(second.digest, first.digest);
    assert.equal(world.lines('warn').filter((line) => line.startsWith('Ignoring layer sha256:')).length, 4);
  });

  it('a cache that cannot be written is a warning only (E-45)', async (t) => {
    const world = await exportWorld(t);
    world.layer('c', { cache: true });
    const folder = join(temporaryDirectory(t), 'cache');
    const cache = await openFolderCache(folder, world.ctx);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'in the way');
    const output = await world.export([`oci:${temporaryDirectory(t)}`], { cache });
    assert.equal(output.outputs[0]?.error, undefined);
    assert.match(world.lines('warn').join('\n'), /Failed to cache layer 'a\/b:c': [^]*Failed to export cache: /);
  });

  it('a cache layer without contents is a warning, and is not in the metadata (E-45)', async (t) => {
    const world = await exportWorld(t);
    writeFileSync(join(world.input.layers.real, 'a_b/empty.toml'), '[types]\ncache = true\n');
    const cache = await openFolderCache(join(temporaryDirectory(t), 'cache'), world.ctx);
    await world.export([`oci:${temporaryDirectory(t)}`], { cache });
    assert.ok(world.lines('warn').includes("Failed to cache layer 'a/b:empty' because it has no contents"));
  });
});

describe('exportImage: refusals', () => {
  for (const [what, toml, message] of [
    [
      'cache=true without contents (E-13)',
      '[types]\nlaunch = true\ncache = true\n',
      "layer 'a/b:x' is cache=true but has no contents",
    ],
    [
      'no contents and no metadata in a previous image (E-12)',
      '[types]\nlaunch = true\n',
      "cannot reuse 'a/b:x', previous image has no metadata for layer 'a/b:x'",
    ],
    ['a malformed <layer>.toml (E-14)', 'x =\n', "failed to parse metadata for layers '[a/b:x]'"],
    ['flags outside of [types] (E-14)', 'launch = true\n', "failed to parse metadata for layers '[a/b:x]'"],
  ] as const) {
    it(what, async (t) => {
      const world = await exportWorld(t);
      writeFileSync(join(world.input.layers.real, 'a_b/x.toml'), toml);
      const exporting = lifecycleGuard('export', () => world.export([`oci:${temporaryDirectory(t)}`]));
      const error = await rejectionOf(exporting);
      assert.equal(error.message, `failed to export: ${message}`);
      assert.equal(error.exit, 62);
    });
  }

  it('a process type that does not exist, and one that is no file name (E-25, E-33)', async (t) => {
    const world = await exportWorld(t);
    const refusal = (edits: Partial<ExportInput>): Promise<SlipwayError> =>
      rejectionOf(lifecycleGuard('export', () => world.export([`oci:${temporaryDirectory(t)}`], {}, edits)));
    const unknown = await refusal({ processType: 'nope' });
    assert.match(unknown.message, /: determining entrypoint: tried to set nope to default but it doesn't exist$/);
    assert.equal(unknown.exit, 62);
    for (const [type, message] of [
      ['', 'type is required for all processes'],
      ['a/b', "invalid process type 'a/b': type may not contain characters '/><:|&\\'"],
    ] as const) {
      const process = { type, command: ['x'], direct: true, isDefault: false, buildpackId: 'a/b' };
      const metadata = { ...NO_METADATA, processes: [process] };
      const error = await refusal({ metadata });
      assert.equal(error.message, `failed to export: ${message}`);
      assert.equal(error.exit, 62);
    }
  });

  it('a run image of another platform than the one that was built for (E-58, GAP-10)', async (t) => {
    const world = await exportWorld(t);
    const target = { os: 'linux', arch: 'arm64' };
    const error = await rejectionOf(world.export([`oci:${temporaryDirectory(t)}`], {}, { target }));
    assert.equal(error.message, 'the run image is for linux/amd64, but the build was for linux/arm64');
  });
});

describe('exportImage: config and labels', () => {
  it('follows SOURCE_DATE_EPOCH in UTC, and warns of one that is no number (E-07)', async (t) => {
    const world = await exportWorld(t);
    const created = async (sourceDateEpoch: string): Promise<unknown> => {
      const location = `oci:${temporaryDirectory(t)}`;
      await world.export([location], {}, { sourceDateEpoch });
      return (await world.find(location)).config.fields['created'];
    };
    assert.equal(await created('1700000000'), '2023-11-14T22:13:20Z');
    for (const wrong of ['now', '1.5', '99999999999999']) assert.equal(await created(wrong), '1980-01-01T00:00:01Z');
    assert.deepEqual(
      world.lines('warn'),
      Array.from({ length: 3 }, () => 'Ignoring invalid SOURCE_DATE_EPOCH'),
    );
  });

  it('keeps the lifecycle label from a buildpack that sets it, and lets a later label win (E-29)', async (t) => {
    const world = await exportWorld(t);
    const labels = [
      { key: LIFECYCLE_METADATA_LABEL, value: 'mine' },
      { key: 'k', value: '1' },
      { key: 'k', value: '2' },
    ];
    const location = `oci:${temporaryDirectory(t)}`;
    await world.export([location], {}, { metadata: { ...NO_METADATA, labels } });
    const image = await world.find(location);
    assert.equal(image.config.labels['k'], '2');
    assert.equal(lifecycleMetadataOf(image).app.length, 1);
    assert.equal(world.lines('warn').length, 1);
  });

  it('records a run image that lies on disk by its bare digest, never by its path', async (t) => {
    const world = await exportWorld(t);
    const location = `oci:${temporaryDirectory(t)}`;
    const runImage = fixtureImage(BASE, RUN_V1, `oci:${BASE}`);
    await world.export([location], {}, { runImage });
    const image = await world.find(location);
    assert.equal(lifecycleMetadataOf(image).runImage.reference, RUN_V1);
    assert.ok(!(image.config.labels[LIFECYCLE_METADATA_LABEL] ?? '').includes(BASE));
  });

  it('copies the SBOMs of lifecycle and launcher that are there (E-35)', async (t) => {
    const world = await exportWorld(t);
    const sboms = temporaryDirectory(t);
    writeFileSync(join(sboms, 'launcher.sbom.cdx.json'), '{}');
    const output = await world.export(
      [`oci:${temporaryDirectory(t)}`],
      {},
      { lifecycleSboms: { real: sboms, logical: '/cnb/lifecycle' } },
    );
    assert.ok(output.layers.some((layer) => layer.id === 'buildpacksio/lifecycle:launch.sbom'));
    assert.equal(world.lines('warn').length, 5);
  });

  it('stands on a platform alone', async (t) => {
    const world = await exportWorld(t);
    const location = `oci:${temporaryDirectory(t)}`;
    const platform = { os: 'linux', architecture: 'riscv64' };
    await world.export([location], {}, { runImage: { kind: 'scratch', platform, family: 'oci' }, target: undefined });
    const image = await world.find(location, platform);
    assert.deepEqual(image.platform, platform);
    assert.equal(image.layers.length, 3);
  });
});

function countingStaging(directory: string): BlobStaging & { readonly begun: () => number } {
  const blobs = new BlobDirectory(directory);
  let count = 0;
  return {
    begin: () => {
      count += 1;
      return blobs.begin();
    },
    begun: () => count,
  };
}
