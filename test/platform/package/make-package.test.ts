import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { layerNames } from '../../support/layer-names.ts';
import { packageBed } from '../../support/package-bed.ts';

describe('packages', () => {
  it('a directory becomes an image from scratch: one layer at its place in /cnb, owned by root, and two labels', async (t) => {
    const bed = packageBed(t);
    await bed.make({ path: bed.directoryOf('acme_node/1.0.0'), to: 'oci-archive:node.cnb' });
    const image = await bed.find('oci-archive:node.cnb');
    assert.equal(image.layers.length, 1);
    const names = await layerNames(image.layers[0], bed.ctx);
    assert.deepEqual(names, [
      'directory 0:0 755 /cnb',
      'directory 0:0 755 /cnb/buildpacks',
      'directory 0:0 755 /cnb/buildpacks/acme_node',
      'directory 0:0 755 /cnb/buildpacks/acme_node/1.0.0',
      'directory 0:0 755 /cnb/buildpacks/acme_node/1.0.0/bin',
      'file 0:0 755 /cnb/buildpacks/acme_node/1.0.0/bin/build',
      'file 0:0 755 /cnb/buildpacks/acme_node/1.0.0/bin/detect',
      'file 0:0 644 /cnb/buildpacks/acme_node/1.0.0/buildpack.toml',
    ]);
    const { labels, platform } = image.config;
    assert.deepEqual([platform.os, platform.architecture], ['linux', 'arm64']);
    assert.deepEqual(JSON.parse(labels['io.buildpacks.buildpackage.metadata'] ?? ''), {
      id: 'acme/node',
      name: 'Node',
      version: '1.0.0',
      homepage: 'https://acme.example',
      stacks: [{ id: '*' }],
    });
    assert.deepEqual(JSON.parse(labels['io.buildpacks.buildpack.layers'] ?? ''), {
      'acme/node': {
        '1.0.0': {
          api: '0.12',
          stacks: [{ id: '*' }],
          homepage: 'https://acme.example',
          name: 'Node',
          layerDiffID: image.config.diffIds[0],
        },
      },
    });
  });

  it('the same directory gives the same digest in a layout and in a .cnb, with a name or without', async (t) => {
    const bed = packageBed(t);
    const path = bed.directoryOf('acme_node/1.0.0');
    const [one, two] = [
      await bed.make({ path, to: 'oci-archive:a.cnb' }),
      await bed.make({ path, to: 'oci:out:node' }),
    ];
    assert.equal(one.digest, two.digest);
  });

  it('a composite one takes its dependencies from directories and packages, unpacked nowhere', async (t) => {
    const bed = packageBed(t);
    await bed.make({ path: bed.directoryOf('acme_tool/2.1.0'), to: 'oci-archive:tool.cnb' });
    bed.composite('[[dependencies]]\nuri = "../buildpacks/acme_node/1.0.0"\n\n[[dependencies]]\nuri = "../tool.cnb"\n');
    await bed.make({ path: join(bed.directory, 'meta'), to: 'oci:out:meta' });
    const image = await bed.find('oci:out:meta');
    const tool = await bed.find('oci-archive:tool.cnb');
    assert.equal(image.layers.length, 3);
    assert.deepEqual(image.layers[2]?.descriptor, tool.layers[0]?.descriptor);
    const layers: unknown = JSON.parse(image.config.labels['io.buildpacks.buildpack.layers'] ?? '');
    assert.ok(typeof layers === 'object' && layers !== null);
    assert.deepEqual(Object.keys(layers), ['acme/meta', 'acme/node', 'acme/tool']);
  });

  it('a composite one without what its order names is refused, and leaves no output', async (t) => {
    const bed = packageBed(t);
    bed.composite('[[dependencies]]\nuri = "../buildpacks/acme_node/1.0.0"\n');
    await assert.rejects(() => bed.make({ path: join(bed.directory, 'meta'), to: 'oci:out:meta' }), {
      code: 'PACKAGE_INCOMPLETE',
      message: 'the order of acme/meta@1.0.0 names acme/tool@2.1.0, which the package does not have',
    });
    await assert.rejects(() => bed.find('oci:out:meta'), { code: 'IMAGE_NOT_FOUND' });
  });

  it('several targets make an index whose images share the layers', async (t) => {
    const bed = packageBed(t);
    const platforms = ['linux/amd64', 'linux/arm64'].map(parsePlatform);
    const saved = await bed.make({ path: bed.directoryOf('acme_node/1.0.0'), to: 'oci:out:node', platforms });
    assert.deepEqual(
      saved.images.map(({ platform }) => platform),
      ['linux/amd64', 'linux/arm64'],
    );
    const found = await Promise.all(platforms.map((target) => bed.find('oci:out:node', target)));
    assert.deepEqual(found[0]?.layers[0]?.descriptor, found[1]?.layers[0]?.descriptor);
    assert.equal(found[0]?.indexDigest, saved.digest);
  });

  for (const [what, text, problem] of [
    ['an unknown key', 'buildpak = 1', 'buildpak: is no key of a package.toml'],
    ['a dependency of neither kind', '[[dependencies]]\n', 'dependencies[0].uri: is missing'],
    ['one of both kinds', '[[dependencies]]\nuri = "a"\nimage = "b"', 'dependencies[0].image: cannot stand beside uri'],
  ] as const) {
    it(`package.toml with ${what} is refused with its key`, async (t) => {
      const bed = packageBed(t);
      bed.composite(text);
      await assert.rejects(
        () => bed.make({ path: join(bed.directory, 'meta'), to: 'oci:out' }),
        (error: Error & { code?: string }) => error.code === 'FILE_INVALID' && error.message.includes(problem),
      );
    });
  }
});
