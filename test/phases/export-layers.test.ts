import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openFolderLayerStore } from '../../src/cache/layer-store.ts';
import { platformFeatures } from '../../src/cnb/features.ts';
import type { GroupElement } from '../../src/cnb/module.ts';
import type { BuildpackRecord } from '../../src/cnb/layer-metadata.ts';
import type { LaunchProcess } from '../../src/cnb/process.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import type { ExportInput, ExportOutput } from '../../src/phases/export.ts';
import type { Image } from '../../src/ports/image.ts';
import { lifecycleGuard } from '../../src/platform/stage.ts';
import { temporaryDirectory } from '../support/context.ts';
import { exportWorld, GROUP, lifecycleMetadataOf, NO_METADATA } from '../support/export-world.ts';
import { rejectionOf } from '../support/failure.ts';
import { listing } from '../support/layer-tree.ts';
import { startRegistry } from '../support/registry.ts';

const TWO: readonly GroupElement[] = [{ kind: 'buildpack', id: 'z/z', version: '2', api: '0.10' }, ...GROUP];
const LAUNCH = { launch: true };

describe('exportImage: which layers there are', () => {
  it('those of two buildpacks, by group and then by name; the rest above them (E-02, E-15)', async (t) => {
    const world = await exportWorld(t);
    for (const name of ['b', 'a-1', 'a', 'a.b']) world.layer(name, LAUNCH);
    world.layer('only', LAUNCH, { buildpack: 'z/z' });
    world.layer('build', { build: true }, { buildpack: 'z/z' });
    world.write('sbom/launch/z_z/sbom.cdx.json', '{}');
    const { layers } = await world.export([`oci:${temporaryDirectory(t)}`], {}, { group: TWO });
    assert.deepEqual(ids({ layers }), [
      'z/z:only',
      'a/b:a',
      'a/b:a-1',
      'a/b:a.b',
      'a/b:b',
      'buildpacksio/lifecycle:launch.sbom',
      'slice-1',
      'buildpacksio/lifecycle:launcher',
      'buildpacksio/lifecycle:config',
    ]);
  });

  it('an escaped id is the path, an unescaped one the key in the label (E-16)', async (t) => {
    const world = await exportWorld(t);
    world.layer('rt', LAUNCH);
    const location = `oci:${temporaryDirectory(t)}`;
    await world.export([location]);
    const image = await world.find(location);
    const layer = image.layers.find(({ diffId }) => diffId === recordOf(image).layers['rt']?.sha);
    assert.ok(layer);
    assert.deepEqual(
      (await listing(layer)).map((line) => line.split(' ')[3]),
      ['/layers', '/layers/a_b', '/layers/a_b/rt', '/layers/a_b/rt/file'],
    );
    assert.equal(recordOf(image).key, 'a/b');
  });

  it('what store.toml holds is in the label (E-17)', async (t) => {
    const world = await exportWorld(t);
    world.write('a_b/store.toml', '[metadata]\nk = "v"\n[metadata.deep]\nn = 9007199254740993\n');
    const location = `oci:${temporaryDirectory(t)}`;
    await world.export([location]);
    const label = (await world.find(location)).config.labels['io.buildpacks.lifecycle.metadata'] ?? '';
    assert.ok(label.includes('"store":{"metadata":{"deep":{"n":9007199254740993},"k":"v"}}'), label);
  });

  it('no layer of SBOM files below Platform API 0.8 (E-36)', async (t) => {
    const world = await exportWorld(t);
    world.write('sbom/launch/a_b/sbom.cdx.json', '{}');
    const of = async (api: string): Promise<readonly string[]> =>
      ids(await world.export([`oci:${temporaryDirectory(t)}`], {}, { features: platformFeatures(api) }));
    assert.ok((await of('0.8')).includes('buildpacksio/lifecycle:launch.sbom'));
    assert.ok(!(await of('0.7')).includes('buildpacksio/lifecycle:launch.sbom'));
  });

  it('no layer of process types without processes, one with a link for each (E-25)', async (t) => {
    const world = await exportWorld(t);
    const process = (type: string): LaunchProcess => ({
      type,
      command: ['x'],
      direct: true,
      isDefault: false,
      buildpackId: 'a/b',
    });
    const metadata = { ...NO_METADATA, processes: [process('web'), process('worker')] };
    const without = await world.export([`oci:${temporaryDirectory(t)}`]);
    const having = await world.export([`oci:${temporaryDirectory(t)}`], {}, { metadata });
    assert.ok(!ids(without).includes('buildpacksio/lifecycle:process-types'));
    assert.equal(
      having.layers.find(({ id }) => id === 'buildpacksio/lifecycle:process-types')?.diffId,
      'sha256:c32b6c6d08c5d84a980a518d1dd9093c22b9e003f2b6b468f12fe1e7cd918b3f',
    );
  });

  it('n slices make n + 1 layers of the app, each with its history (E-18, E-38)', async (t) => {
    const world = await exportWorld(t);
    const slices = [{ paths: ['app.txt'] }, { paths: ['none'] }];
    const location = `oci:${temporaryDirectory(t)}`;
    const output = await world.export([location], {}, { metadata: { ...NO_METADATA, slices } });
    const app = ids(output).filter((id) => id.startsWith('slice-'));
    assert.deepEqual(app, ['slice-1', 'slice-2', 'slice-3']);
    const image = await world.find(location);
    const history = image.config.history.map(({ createdBy }) => createdBy);
    assert.deepEqual(history.slice(-5), [
      'Application Slice: 1',
      'Application Slice: 2',
      'Application Slice: 3',
      'Buildpacks Application Launcher',
      'Buildpacks Launcher Config',
    ]);
    assert.equal(lifecycleMetadataOf(image).app.length, 3);
  });
});

describe('exportImage: the layers of a previous image', () => {
  it('a layer that changed is uploaded again, and nothing else but the config (E-10)', async (t) => {
    const world = await exportWorld(t);
    const registry = await startRegistry(t);
    world.layer('same', LAUNCH);
    world.layer('other', LAUNCH);
    const location = `${registry.name}/my/app:v1`;
    const first = await world.export([location]);
    const previous = await world.previous(location);
    writeFileSync(join(world.input.layers.real, 'a_b/other/file'), 'changed');
    registry.requests.length = 0;
    const second = await world.export([location], {}, { previous });
    const uploads = registry.requests.filter(({ method, path }) => method === 'PUT' && path.includes('/blobs/'));
    assert.equal(uploads.length, 2);
    const status = Object.fromEntries(second.layers.map((layer) => [layer.id, layer.status]));
    assert.equal(status['a/b:other'], 'changed');
    assert.equal(status['a/b:same'], 'reused');
    assert.deepEqual(
      second.layers.filter(({ id }) => id !== 'a/b:other').map(({ digest }) => digest),
      first.layers.filter(({ id }) => id !== 'a/b:other').map(({ digest }) => digest),
    );
  });

  it('gives a layer that has only its metadata, with what the new metadata says (E-11)', async (t) => {
    const world = await exportWorld(t);
    world.layer('rt', LAUNCH);
    const location = `oci:${temporaryDirectory(t)}`;
    const first = await world.export([location]);
    const previous = await world.previous(location);
    rmSync(join(world.input.layers.real, 'a_b/rt'), { recursive: true });
    world.write('a_b/rt.toml', '[types]\nlaunch = true\nbuild = true\n[metadata]\nnew = "data"\n');
    const second = await world.export([location], {}, { previous });
    const digestIn = (output: ExportOutput): string | undefined =>
      output.layers.find(({ id }) => id === 'a/b:rt')?.digest;
    assert.equal(digestIn(second), digestIn(first));
    assert.ok(world.lines('info').includes("Reusing layer 'a/b:rt'"));
    const record = recordOf(await world.find(location)).layers['rt'];
    assert.deepEqual(
      { ...record, sha: '' },
      { sha: '', data: { new: 'data' }, build: true, launch: true, cache: false },
    );
  });

  for (const [what, group] of [
    ['the buildpack', [{ kind: 'buildpack', id: 'a/c', version: '1', api: '0.10' }]],
    ['the layer', GROUP],
  ] as const) {
    it(`refuses such a layer when ${what} is not in its metadata: exit 62 (E-12)`, async (t) => {
      const world = await exportWorld(t);
      world.layer('known', LAUNCH);
      const location = `oci:${temporaryDirectory(t)}`;
      await world.export([location]);
      const previous = await world.previous(location);
      world.write('a_b/rt.toml', '[types]\nlaunch = true\n');
      world.write('a_c/rt.toml', '[types]\nlaunch = true\n');
      const id = `${group[0].id}:rt`;
      const error = await rejectionOf(
        lifecycleGuard('export', () => world.export([location], {}, { previous, group })),
      );
      assert.equal(error.exit, 62);
      assert.equal(
        error.message,
        `failed to export: cannot reuse '${id}', previous image has no metadata for layer '${id}'`,
      );
    });
  }

  it('the layer of a previous image that vanished: the error names layer, digest and image (GAP-33)', async (t) => {
    const world = await exportWorld(t);
    world.layer('rt', LAUNCH);
    const directory = temporaryDirectory(t);
    await world.export([`oci:${directory}`]);
    const previous = await world.previous(`oci:${directory}`);
    const layer = previous.image.layers.find(({ diffId }) => diffId === recordOf(previous.image).layers['rt']?.sha);
    assert.ok(layer);
    rmSync(join(directory, 'blobs', ...layer.descriptor.digest.split(':')));
    rmSync(join(world.input.layers.real, 'a_b/rt'), { recursive: true });
    const error = await rejectionOf(world.export([`oci:${temporaryDirectory(t)}`], {}, { previous }));
    assert.equal(error.code, 'LAYER_WITHOUT_CONTENTS');
    for (const text of ["'a/b:rt'", layer.diffId, directory]) assert.ok(error.message.includes(text), error.message);
  });

  it('a launch cache is filled only when the first output was saved (E-49)', async (t) => {
    const world = await exportWorld(t);
    world.layer('rt', LAUNCH);
    const folder = join(temporaryDirectory(t), 'launch-cache');
    const readOnly = await startRegistry(t, { readOnly: true });
    const launchCache = await openFolderLayerStore(folder, world.ctx);
    const failed = await world.export([`${readOnly.name}/app:1`], { launchCache });
    assert.ok(failed.outputs[0]?.cause instanceof SlipwayError);
    const layer = failed.layers.find(({ id }) => id === 'a/b:rt');
    assert.ok(layer);
    assert.equal(await launchCache.find(layer.diffId, world.ctx), undefined);
    await world.export([`oci:${temporaryDirectory(t)}`], { launchCache });
    assert.ok(await launchCache.find(layer.diffId, world.ctx));
  });
});

describe('exportImage: how many layers', () => {
  const withSlices = (count: number): Pick<ExportInput, 'metadata'> => ({
    metadata: { ...NO_METADATA, slices: Array.from({ length: count }, () => ({ paths: ['none'] })) },
  });
  // Two of the base; slices, the rest of the app, launcher and config.
  const OTHERS = 5;

  it('warns from 100, refuses more than 127 with the remedy', async (t) => {
    const world = await exportWorld(t);
    const warnings = async (layers: number): Promise<number> => {
      const before = world.lines('warn').length;
      const output = await world.export([`oci:${temporaryDirectory(t)}`], {}, withSlices(layers - OTHERS));
      assert.equal(output.layers.length, layers);
      return world.lines('warn').length - before;
    };
    assert.equal(await warnings(99), 0);
    assert.equal(await warnings(100), 1);
    assert.match(world.lines('warn').at(-1) ?? '', /has 100 layers; engines can run 127 at most/);
    assert.equal(await warnings(127), 1);
    const error = await rejectionOf(
      lifecycleGuard('export', () => world.export([`oci:${temporaryDirectory(t)}`], {}, withSlices(128 - OTHERS))),
    );
    assert.equal(error.code, 'TOO_MANY_LAYERS');
    assert.equal(error.exit, 62);
    assert.equal(
      error.message,
      'failed to export: the image would have 128 layers (2 of the run image, 126 of its own), 127 can be run',
    );
    assert.match(JSON.stringify(error.hint), /fewer slices or buildpack layers/);
  });
});

function ids(output: Pick<ExportOutput, 'layers'>): readonly string[] {
  return output.layers.map(({ id }) => id).filter((id) => id !== 'base');
}

function recordOf(image: Image): BuildpackRecord {
  return lifecycleMetadataOf(image).buildpacks[0] ?? assert.fail('no buildpack in the label');
}
