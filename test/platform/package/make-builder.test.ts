import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { openLayoutSink } from '../../../src/store/layout/layout-sink.ts';
import { putBase } from '../../support/base-images.ts';
import { layerFile, layerNames } from '../../support/layer-names.ts';
import { packageBed, type PackageBed } from '../../support/package-bed.ts';

const ARM = { os: 'linux', architecture: 'arm64' };
const USER = ['PATH=/bin', 'CNB_USER_ID=1001', 'CNB_GROUP_ID=1002'];

const TOML = (image: string): string => `
description = "ours"
[build]
image = "${image}"
[[build.env]]
name = "BP_X"
value = "1"
suffix = "append"
delim = ":"
[[run.images]]
image = "registry.example/run:1"
mirrors = ["mirror.example/run:1"]
[[buildpacks]]
uri = "buildpacks/acme_node/1.0.0"
[[buildpacks]]
id = "acme/tool"
uri = "tool.cnb"
[[order]]
[[order.group]]
id = "acme/node"
version = "1.0.0"
[[order.group]]
id = "acme/tool"
optional = true
[system.pre]
buildpacks = [{ id = "acme/tool", version = "2.1.0" }]
`;

describe('builders', () => {
  it('have the layers, files, environment and labels that platforms look for', async (t) => {
    const { bed, image: base } = await builderBed(t, USER);
    const saved = await bed.builder(TOML(base), 'oci:out:builder');
    const image = await bed.find('oci:out:builder');
    assert.equal(image.manifestDigest, saved.digest);
    const [, frame, node, tool, files] = image.layers;
    assert.deepEqual(await layerNames(frame, bed.ctx), [
      'directory 0:0 755 /cnb',
      'directory 0:0 755 /cnb/buildpacks',
      'directory 0:0 755 /cnb/extensions',
      'directory 1001:1002 755 /layers',
      'directory 0:0 755 /platform',
      'directory 0:0 755 /platform/env',
      'directory 1001:1002 755 /workspace',
    ]);
    const packaged = await bed.find('oci-archive:tool.cnb');
    assert.equal(tool?.diffId, packaged.config.diffIds[0]);
    assert.deepEqual(await layerNames(files, bed.ctx), [
      'directory 0:0 755 /cnb',
      'directory 0:0 755 /cnb/build-config',
      'directory 0:0 755 /cnb/build-config/env',
      'file 0:0 644 /cnb/build-config/env/BP_X.append',
      'file 0:0 644 /cnb/build-config/env/BP_X.delim',
      'file 0:0 644 /cnb/order.toml',
      'file 0:0 644 /cnb/run.toml',
      'file 0:0 644 /cnb/stack.toml',
      'file 0:0 644 /cnb/system.toml',
    ]);
    assert.equal(
      await layerFile(files, '/cnb/order.toml', bed.ctx),
      '[[order]]\n\n  [[order.group]]\n    id = "acme/node"\n    version = "1.0.0"\n\n  [[order.group]]\n    id = "acme/tool"\n    version = "2.1.0"\n    optional = true\n',
    );
    assert.equal(
      await layerFile(files, '/cnb/run.toml', bed.ctx),
      '[[images]]\n  image = "registry.example/run:1"\n  mirrors = ["mirror.example/run:1"]\n',
    );
    const { labels, env, workingDir, user } = image.config;
    assert.deepEqual(
      [env.filter((entry) => entry.startsWith('CNB_')), workingDir, user],
      [USER.slice(1), '/layers', '1000:1000'],
    );
    assert.deepEqual(JSON.parse(labels['io.buildpacks.buildpack.order'] ?? ''), [
      {
        group: [
          { id: 'acme/node', version: '1.0.0' },
          { id: 'acme/tool', version: '2.1.0', optional: true },
        ],
      },
    ]);
    assert.deepEqual(JSON.parse(labels['io.buildpacks.buildpack.system'] ?? ''), {
      pre: { buildpacks: [{ id: 'acme/tool', version: '2.1.0' }] },
      post: { buildpacks: [] },
    });
    const metadata: unknown = JSON.parse(labels['io.buildpacks.builder.metadata'] ?? '');
    assert.ok(typeof metadata === 'object' && metadata !== null && 'buildpacks' in metadata && 'images' in metadata);
    assert.deepEqual(metadata.buildpacks, [
      { id: 'acme/node', name: 'Node', version: '1.0.0', homepage: 'https://acme.example' },
      { id: 'acme/tool', version: '2.1.0' },
    ]);
    assert.deepEqual(metadata.images, [{ image: 'registry.example/run:1', mirrors: ['mirror.example/run:1'] }]);
    const layers: unknown = JSON.parse(labels['io.buildpacks.buildpack.layers'] ?? '');
    assert.ok(typeof layers === 'object' && layers !== null && 'acme/node' in layers);
    assert.deepEqual(layers['acme/node'], {
      '1.0.0': {
        api: '0.12',
        stacks: [{ id: '*' }],
        homepage: 'https://acme.example',
        name: 'Node',
        layerDiffID: node?.diffId,
      },
    });
  });

  it('come out the same twice', async (t) => {
    const { bed, image } = await builderBed(t, USER);
    const [one, two] = [await bed.builder(TOML(image), 'oci:a:b'), await bed.builder(TOML(image), 'oci-archive:b.tar')];
    assert.equal(one.digest, two.digest);
  });

  it('take the user from the build image’s user when its environment has none', async (t) => {
    const { bed, image } = await builderBed(t, ['PATH=/bin']);
    await bed.builder(TOML(image), 'oci:out:b');
    assert.deepEqual(
      (await bed.find('oci:out:b')).config.env.filter((entry) => entry.startsWith('CNB_')),
      ['CNB_USER_ID=1000', 'CNB_GROUP_ID=1000'],
    );
  });

  it('are refused for root, with an order that names what is not there, and with a module that is another', async (t) => {
    const { bed, image } = await builderBed(t, ['CNB_USER_ID=0', 'CNB_GROUP_ID=0']);
    await assert.rejects(() => bed.builder(TOML(image), 'oci:out:b'), {
      code: 'IMAGE_INVALID',
      message: 'the build image wants to build as root',
    });
    const gone = TOML(image).replace('id = "acme/node"\nversion = "1.0.0"', 'id = "acme/node"\nversion = "9.9.9"');
    await assert.rejects(() => bed.builder(gone, 'oci:out:b'), {
      code: 'PACKAGE_INCOMPLETE',
      message: `the order in ${join(bed.directory, 'builder.toml')} names acme/node, and the builder has no acme/node@9.9.9`,
    });
    const other = TOML(image).replace('id = "acme/tool"\nuri', 'id = "acme/other"\nuri');
    await assert.rejects(() => bed.builder(other, 'oci:out:b'), {
      code: 'PACKAGE_INCOMPLETE',
      message: 'tool.cnb is not acme/other',
    });
  });

  it('need a build image, a run image and known keys, said with the key', async (t) => {
    const { bed } = await builderBed(t, USER);
    await assert.rejects(
      () => bed.builder('buildpaks = 1\n', 'oci:out:b'),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'FILE_INVALID');
        for (const text of [
          'buildpaks: is no key of a builder.toml',
          'build.image: is missing',
          'run.images: is missing',
        ])
          assert.ok(error.message.includes(text), error.message);
        return true;
      },
    );
  });
});

/** A build image for ARM in a layout, and acme/tool as a package. */
async function builderBed(
  t: TestContext,
  env: readonly string[],
): Promise<{ readonly bed: PackageBed; readonly image: string }> {
  const bed = packageBed(t);
  const directory = join(bed.directory, 'base');
  await using sink = await openLayoutSink(directory, 'build', bed.ctx);
  sink.tag(undefined, await putBase(sink, ARM, bed.ctx, { env }));
  await sink.commit(bed.ctx);
  await bed.make({ path: bed.directoryOf('acme_tool/2.1.0'), to: 'oci-archive:tool.cnb' });
  return { bed, image: `oci:${directory}:build` };
}
