import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { decodeModuleLayers } from '../../../src/cnb/package-labels.ts';
import type { Image } from '../../../src/ports/image.ts';
import { createdBuilderBed } from '../../support/created-builder.ts';
import { layerNames } from '../../support/layer-names.ts';
import { packageBed } from '../../support/package-bed.ts';

const BOTH = '[[dependencies]]\nuri = "../buildpacks/acme_node/1.0.0"\n\n[[dependencies]]\nuri = "../tool.cnb"\n';
const MODULES =
  '[[buildpacks]]\nuri = "buildpacks/acme_node/1.0.0"\n[[buildpacks]]\nuri = "tool.cnb"\n[[order]]\ngroup = [{id = "acme/node"}]\n';

describe('flattening', () => {
  it('a package in one layer: every module is in its place, and the label names the layer for each', async (t) => {
    const bed = packageBed(t);
    await bed.make({ path: bed.directoryOf('acme_tool/2.1.0'), to: 'oci-archive:tool.cnb' });
    bed.composite(BOTH);
    const path = join(bed.directory, 'meta');
    const flat = await bed.make({ path, to: 'oci:out:flat', flatten: { exclude: [] } });
    const image = await bed.find('oci:out:flat');
    assert.equal(image.layers.length, 1);
    assert.deepEqual(layersOf(image), { 'acme/meta': 0, 'acme/node': 0, 'acme/tool': 0 });
    const names = await layerNames(image.layers[0], bed.ctx);
    assert.equal(new Set(names).size, names.length, 'no entry is there twice');
    for (const directory of ['acme_meta/1.0.0', 'acme_node/1.0.0', 'acme_tool/2.1.0'])
      assert.ok(names.includes(`file 0:0 644 /cnb/buildpacks/${directory}/buildpack.toml`), names.join('\n'));
    assert.deepEqual(
      image.config.history.at(-1)?.createdBy,
      'Buildpacks: acme/meta@1.0.0, acme/node@1.0.0, acme/tool@2.1.0',
    );
    assert.equal((await bed.make({ path, to: 'oci-archive:b.cnb', flatten: { exclude: [] } })).digest, flat.digest);
    await bed.make({ path, to: 'oci:out:apart', flatten: { exclude: ['acme/tool@2.1.0'] } });
    assert.deepEqual(layersOf(await bed.find('oci:out:apart')), { 'acme/meta': 0, 'acme/node': 0, 'acme/tool': 1 });
    await assert.rejects(() => bed.make({ path, to: 'oci:out:x', flatten: { exclude: ['acme/none@1'] } }), {
      code: 'ARGUMENT_INVALID',
      message: '--flatten-exclude names acme/none@1, which is not there',
    });
  });

  it('a flattened package is taken apart again by a builder that flattens in another way', async (t) => {
    const bed = await createdBuilderBed(t);
    await bed.make({ path: bed.directoryOf('acme_tool/2.1.0'), to: 'oci-archive:tool.cnb' });
    bed.composite(BOTH);
    await bed.make({ path: join(bed.directory, 'meta'), to: 'oci-archive:meta.cnb', flatten: { exclude: [] } });
    const meta = '[[buildpacks]]\nuri = "meta.cnb"\n[[order]]\ngroup = [{id = "acme/meta"}]\n';
    await bed.create(meta, 'oci:out:one');
    const one = await bed.find('oci:out:one');
    assert.deepEqual(layersOf(one), { 'acme/meta': 2, 'acme/node': 2, 'acme/tool': 2 });
    await bed.create(meta, 'oci:out:two', bed.base, { flatten: [['acme/node@1.0.0', 'acme/tool@2.1.0']] });
    const two = await bed.find('oci:out:two');
    assert.deepEqual(layersOf(two), { 'acme/meta': 2, 'acme/node': 3, 'acme/tool': 3 });
  });

  it('groups of a builder share layers, whatever the order in which they are named', async (t) => {
    const bed = await createdBuilderBed(t);
    await bed.make({ path: bed.directoryOf('acme_tool/2.1.0'), to: 'oci-archive:tool.cnb' });
    const group = ['acme/tool@2.1.0', 'acme/node@1.0.0'];
    const a = await bed.create(MODULES, 'oci:out:a', bed.base, { flatten: [group] });
    const b = await bed.create(MODULES, 'oci:out:b', bed.base, { flatten: [[...group].reverse()] });
    assert.equal(a.digest, b.digest);
    assert.deepEqual(layersOf(await bed.find('oci:out:a')), { 'acme/node': 2, 'acme/tool': 2 });
  });
});

/** Module → index of the layer that the label names. */
function layersOf(image: Image): Readonly<Record<string, number>> {
  const modules = decodeModuleLayers(image.config.labels['io.buildpacks.buildpack.layers'] ?? '') ?? [];
  return Object.fromEntries(
    modules.map(({ id, diffId }) => [id, image.layers.findIndex((layer) => layer.diffId === diffId)]),
  );
}
