import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Image } from '../../../src/ports/image.ts';
import { startFileServer } from '../../support/file-server.ts';
import { layerFile, layerNames } from '../../support/layer-names.ts';
import { createdBuilderBed, type CreatedBuilderBed } from '../../support/created-builder.ts';
import { archive, entry } from '../../support/tar.ts';

const LIFECYCLE_TOML =
  '[lifecycle]\nversion = "0.20.3"\n[apis.buildpack]\ndeprecated = ["0.7"]\nsupported = ["0.11"]\n[apis.platform]\nsupported = ["0.14"]\n';

describe('sources of builder.toml', () => {
  it('a URL of a tgz, a tgz, a .cnb by URL, a layout and an image of a registry location', async (t) => {
    const bed = await createdBuilderBed(t);
    const server = await startFileServer(t);
    const tgz = gzipSync(tarOf(bed, 'acme_node/1.0.0'));
    server.set('/node.tgz', { body: tgz, headers: { etag: '"1"' } });
    writeFileSync(join(bed.directory, 'node.tgz'), tgz);
    await bed.make({ path: bed.directoryOf('acme_node/1.0.0'), to: 'oci:node:1' });
    await bed.make({ path: bed.directoryOf('acme_node/1.0.0'), to: 'oci-archive:node.cnb' });
    server.set('/node.cnb', { body: readFileSync(join(bed.directory, 'node.cnb')) });
    const digests = [];
    for (const uri of [
      'buildpacks/acme_node/1.0.0',
      'node.tgz',
      `file://${bed.directory}/node.tgz`,
      `${server.url}/node.tgz`,
      `${server.url}/node.cnb`,
      'oci:node:1',
    ])
      digests.push((await bed.create(`[[buildpacks]]\nuri = "${uri}"\n`)).digest);
    assert.equal(new Set(digests).size, 1, digests.join('\n'));
  });

  it('a buildpack of the build image is named by urn:cnb:builder, and its layer is there once', async (t) => {
    const bed = await createdBuilderBed(t);
    await bed.create('[[buildpacks]]\nuri = "buildpacks/acme_node/1.0.0"\n', 'oci:base2:b');
    const base = await bed.find('oci:base2:b');
    await bed.create(
      '[[buildpacks]]\nuri = "urn:cnb:builder:acme/node"\n',
      'oci:out:b',
      `oci:${bed.directory}/base2:b`,
    );
    const image = await bed.find('oci:out:b');
    assert.equal(layersNamed(image, 'acme/node'), layersNamed(base, 'acme/node'));
    const diffIds = image.layers.map(({ diffId }) => diffId);
    assert.equal(diffIds.filter((id) => id === layersNamed(base, 'acme/node')).length, 1);
    await assert.rejects(() => bed.create('[[buildpacks]]\nuri = "urn:cnb:builder:acme/none"\n'), {
      code: 'PACKAGE_INCOMPLETE',
    });
  });

  it('the buildpack registry is refused with a way out, and what is not there is named with the file', async (t) => {
    const bed = await createdBuilderBed(t);
    await assert.rejects(() => bed.create('[[buildpacks]]\nuri = "urn:cnb:registry:acme/node@1.0.0"\n'), {
      code: 'NOT_SUPPORTED',
      message: 'acme/node@1.0.0 is not looked up: Slipway asks no buildpack registry index',
    });
    await assert.rejects(() => bed.create('[[buildpacks]]\nuri = "buildpaks/node"\n'), {
      code: 'FILE_NOT_FOUND',
      message: `${join(bed.directory, 'builder.toml')} names buildpaks/node, which does not exist`,
    });
  });

  it('a lifecycle is a directory, a release’s tgz by URL, or an image; its lifecycle.toml tells the label', async (t) => {
    const bed = await createdBuilderBed(t);
    const server = await startFileServer(t);
    const files = ['launcher', 'creator'].map((name) => ({ name: `lifecycle/${name}`, mode: 0o755, body: name }));
    const tar = archive(entry({ name: 'lifecycle.toml', body: LIFECYCLE_TOML }), ...files.map(entry));
    server.set('/lifecycle.tgz', { body: gzipSync(tar) });
    const plain = join(bed.directory, 'programs');
    mkdirSync(plain);
    for (const { name, body } of files) writeFileSync(join(plain, name.slice(10)), body, { mode: 0o755 });
    for (const [uri, version] of [
      [`${server.url}/lifecycle.tgz`, '0.20.3'],
      ['programs', '0.1.0'],
      // The builder that was made before has the programs where a lifecycle's image has them.
      [`oci:${join(bed.directory, 'out')}:b`, '0.1.0'],
    ] as const) {
      await bed.create(`[lifecycle]\nuri = "${uri}"\n`);
      const image = await bed.find('oci:out:b');
      const metadata: unknown = JSON.parse(image.config.labels['io.buildpacks.builder.metadata'] ?? '');
      assert.ok(typeof metadata === 'object' && metadata !== null && 'lifecycle' in metadata);
      const { lifecycle } = metadata;
      assert.ok(typeof lifecycle === 'object' && lifecycle !== null && 'version' in lifecycle);
      assert.equal(lifecycle.version, version);
      if (version === '0.20.3')
        assert.deepEqual(lifecycle, {
          version,
          api: { buildpack: '0.7', platform: '0.14' },
          apis: {
            buildpack: { deprecated: ['0.7'], supported: ['0.11'] },
            platform: { deprecated: null, supported: ['0.14'] },
          },
        });
      assert.deepEqual(await layerNames(image.layers[2], bed.ctx), [
        'directory 0:0 755 /cnb',
        'directory 0:0 755 /cnb/lifecycle',
        'file 0:0 755 /cnb/lifecycle/creator',
        'file 0:0 755 /cnb/lifecycle/launcher',
      ]);
      assert.equal(await layerFile(image.layers[2], '/cnb/lifecycle/launcher', bed.ctx), 'launcher');
    }
    await assert.rejects(() => bed.create('[lifecycle]\nuri = "buildpacks"\n'), { code: 'FILE_INVALID' });
  });
});

function layersNamed(image: Image, id: string): string | undefined {
  const label: unknown = JSON.parse(image.config.labels['io.buildpacks.buildpack.layers'] ?? '{}');
  const text = JSON.stringify(label);
  return new RegExp(`"${id}".*?"layerDiffID":"([^"]+)"`).exec(text)?.[1];
}

function tarOf(bed: CreatedBuilderBed, name: string): Buffer {
  const directory = bed.directoryOf(name);
  const names = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name));
  return archive(
    ...names.map((file) =>
      entry({
        name: `./${file.slice(directory.length + 1)}`,
        mode: file.includes('/bin/') ? 0o755 : 0o644,
        body: readFileSync(file),
      }),
    ),
  );
}
