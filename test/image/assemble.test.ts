import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { collect, streamOf } from '../../src/core/bytes.ts';
import { assemble } from '../../src/image/assemble.ts';
import type { ImagePlan, PlannedLayer } from '../../src/image/plan.ts';
import { digestOf, parseDiffId } from '../../src/oci/digest.ts';
import { decodeImageConfig } from '../../src/oci/image-config.ts';
import { decodeManifest } from '../../src/oci/manifest.ts';
import { familyOf } from '../../src/oci/media-types.ts';
import type { Image } from '../../src/ports/image.ts';
import { fixtureImage, RUN_V1 } from '../support/fixture-image.ts';

const BASE = 'testdata/golden/fixtures/base/run-v1';
const CREATED = '1980-01-01T00:00:01Z';

describe('assemble', () => {
  for (const name of [
    'registry-5phase',
    'creator',
    'minimal',
    'empty-workspace',
    'seed-894',
    'rebuild-changed',
    'layout',
  ]) {
    it(`writes the recorded config of ${name} byte for byte`, async () => {
      const recorded = readFileSync(`testdata/golden/${name}/image/config.json`);
      const image = assemble(planOf(recorded, name === 'layout' ? 'testdata/golden/fixtures/base/run-single' : BASE));
      assert.equal((await bytesOf(image.config)).toString(), recorded.toString());
      assert.equal(image.config.descriptor.digest, digestOf(recorded));
    });
  }

  it('gives every layer above the base a type of the base family, and keeps the base descriptors (E-53, GAP-6)', () => {
    const image = assemble(planOf(readFileSync('testdata/golden/minimal/image/config.json'), BASE));
    const manifest = decodeManifest(image.manifest, 'test');
    assert.ok(manifest.kind === 'manifest');
    assert.deepEqual(manifest.layers.slice(0, 2), base().manifest.layers);
    assert.deepEqual(
      [...new Set(manifest.layers.map((layer) => layer.mediaType))],
      ['application/vnd.oci.image.layer.v1.tar+gzip'],
    );
    const recorded = readFileSync('testdata/golden/minimal/image/manifest.json', 'utf8');
    const skeleton = (text: string): string =>
      text
        .replaceAll(/"size":\d+,"digest":"[^"]+"/g, 'X')
        .replaceAll('vnd.docker.image.rootfs.diff.tar.gzip', 'vnd.oci.image.layer.v1.tar+gzip');
    assert.equal(skeleton(Buffer.from(image.manifest.bytes).toString()), skeleton(recorded));
  });

  it('keeps variant, os.version, author and how the base runs, and drops how it was built', async () => {
    const image = assemble(
      plan(
        withConfig({
          architecture: 'arm64',
          variant: 'v8',
          os: 'linux',
          'os.version': '1.2',
          author: 'me <me@example.invalid>',
          container: 'abc',
          container_config: { Hostname: 'x' },
          docker_version: '24',
          config: {
            Tty: false,
            OnBuild: null,
            StopTimeout: 3,
            Healthcheck: { Retries: 2, StartInterval: 5, Test: ['CMD', 'x'], Interval: 0 },
            Env: ['A=b=c', 'PATH=/bin=odd:/usr/bin', 'A=2'],
            Cmd: ['sh'],
            Volumes: { '/b': {}, '/a': {} },
          },
        }),
        { env: [['A', 'new=1']], prependPath: ['/x', '/y'] },
      ),
    );
    assert.equal(
      (await bytesOf(image.config)).toString(),
      '{"architecture":"arm64","author":"me \\u003cme@example.invalid\\u003e","created":"1980-01-01T00:00:01Z","docker_version":"24",' +
        '"history":[{"created":"1980-01-01T00:00:01Z"},{"created":"1980-01-01T00:00:01Z"}],"os":"linux",' +
        `"rootfs":{"type":"layers","diff_ids":${JSON.stringify(base().config.diffIds)}},` +
        '"config":{"Healthcheck":{"Test":["CMD","x"],"Retries":2,"StartInterval":5},"Entrypoint":["/e"],' +
        '"Env":["A=new=1","PATH=/x:/y:/bin=odd:/usr/bin","A=2"],"Labels":{"k":"v"},"Volumes":{"/a":{},"/b":{}},"WorkingDir":"/w","StopTimeout":3},' +
        '"os.version":"1.2","variant":"v8"}',
    );
  });

  it('takes the rebasable label over from the base, whatever it is (GAP-30)', async () => {
    for (const value of ['true', 'false', undefined]) {
      const label = value === undefined ? {} : { 'io.buildpacks.rebasable': value };
      const config = { architecture: 'amd64', os: 'linux', config: { Labels: label } };
      const image = assemble(plan(withConfig(config), {}));
      const { labels } = decodeImageConfig(await bytesOf(image.config), 'test');
      assert.equal(labels['io.buildpacks.rebasable'], value);
    }
  });

  it('sets its own labels over those of the base and keeps the others', async () => {
    const config = { architecture: 'amd64', os: 'linux', config: { Labels: { k: 'of the base', other: 'kept' } } };
    const image = assemble(plan(withConfig(config), {}));
    assert.deepEqual(decodeImageConfig(await bytesOf(image.config), 'test').labels, { k: 'v', other: 'kept' });
  });

  it('leaves an empty last element when the base has no PATH', async () => {
    const image = assemble(plan(withConfig({ architecture: 'amd64', os: 'linux' }), { prependPath: ['/cnb/process'] }));
    assert.deepEqual(decodeImageConfig(await bytesOf(image.config), 'test').env, ['PATH=/cnb/process:']);
  });

  it('replaces a history that does not match the layers by one that claims nothing', async () => {
    const image = assemble(
      plan(withConfig({ architecture: 'amd64', os: 'linux', history: [{ created_by: 'only one' }] }), {}),
    );
    assert.deepEqual(decodeImageConfig(await bytesOf(image.config), 'test').history, [
      { created: CREATED },
      { created: CREATED },
    ]);
  });

  it('over a Docker base, a layer in zstd makes it an OCI image over the same blobs: Docker has no type for it', async () => {
    const first = parseDiffId(`sha256:${'1'.repeat(64)}`);
    const scratch = { kind: 'scratch', platform: { os: 'linux', architecture: 'amd64' }, family: 'docker' } as const;
    const gzipped = layer(first, 'gzip');
    const { descriptor } = gzipped.layer;
    const mediaType = 'application/vnd.oci.image.layer.v1.tar+zstd';
    const zstd = { ...gzipped, layer: { ...gzipped.layer, descriptor: { ...descriptor, mediaType } } };
    const image = assemble({ ...plan(base(), {}), base: scratch, layers: [gzipped, zstd] });
    assert.equal(familyOf(image.manifest.descriptor.mediaType), 'oci');
    const manifest = decodeManifest(image.manifest, 'test');
    assert.ok(manifest.kind === 'manifest');
    assert.equal(manifest.config.mediaType, 'application/vnd.oci.image.config.v1+json');
    assert.deepEqual(
      manifest.layers.map((one) => [one.mediaType, one.digest]),
      [
        ['application/vnd.oci.image.layer.v1.tar+gzip', descriptor.digest],
        [mediaType, descriptor.digest],
      ],
    );
    assert.deepEqual(decodeImageConfig(await bytesOf(image.config), 'test').diffIds, [first, first]);
  });

  it('stands on nothing but a platform', async () => {
    const recorded = decodeImageConfig(readFileSync('testdata/golden/minimal/image/config.json'), 'test');
    const image = assemble({
      ...plan(base(), {}),
      base: { kind: 'scratch', platform: { os: 'linux', architecture: 'riscv64' }, family: 'docker' },
      layers: [layer(recorded.diffIds[2]!, 'one')],
    });
    assert.equal(familyOf(image.manifest.descriptor.mediaType), 'docker');
    const config = decodeImageConfig(await bytesOf(image.config), 'test');
    assert.deepEqual(config.diffIds, [recorded.diffIds[2]]);
    assert.deepEqual(image.platform, { os: 'linux', architecture: 'riscv64' });
    assert.equal(image.layers[0]?.descriptor.mediaType, 'application/vnd.docker.image.rootfs.diff.tar.gzip');
  });
});

function base(): Image {
  return fixtureImage(BASE, RUN_V1, '127.0.0.1:5910/base/run:v1');
}

/** The plan that must give a recorded config: everything but the base is read from it. */
function planOf(recorded: Uint8Array, baseDirectory: string): ImagePlan {
  const config = decodeImageConfig(recorded, 'recorded');
  const image = fixtureImage(baseDirectory, RUN_V1, '127.0.0.1:5910/base/run:v1');
  const depth = image.layers.length;
  return {
    base: { kind: 'image', image },
    layers: config.diffIds
      .slice(depth)
      .map((diffId, index) => layer(diffId, config.history[depth + index]?.createdBy ?? '')),
    env: config.env
      .filter((entry) => entry.startsWith('CNB_') && !entry.endsWith('_ID=1000'))
      .map((entry) => {
        const [name = '', value = ''] = entry.split('=');
        return [name, value] as const;
      }),
    prependPath: ['/cnb/process', '/cnb/lifecycle'],
    workingDir: config.workingDir,
    entrypoint: config.entrypoint,
    cmd: undefined,
    labels: Object.entries(config.labels).map(([key, value]) => ({ key, value })),
    created: CREATED,
  };
}

function plan(image: Image, edits: Partial<ImagePlan>): ImagePlan {
  return {
    base: { kind: 'image', image },
    layers: [],
    env: [],
    prependPath: [],
    workingDir: '/w',
    entrypoint: ['/e'],
    cmd: undefined,
    labels: [{ key: 'k', value: 'v' }],
    created: CREATED,
    ...edits,
  };
}

function withConfig(fields: Readonly<Record<string, unknown>>): Image {
  const image = base();
  const rootfs = { type: 'layers', diff_ids: image.config.diffIds };
  const config = decodeImageConfig(Buffer.from(JSON.stringify({ ...fields, rootfs })), 'test');
  return { ...image, config };
}

function layer(diffId: string, createdBy: string): PlannedLayer {
  const bytes = Buffer.from(diffId);
  return {
    layer: {
      descriptor: {
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
        digest: digestOf(bytes),
        size: bytes.byteLength,
        annotations: { from: 'elsewhere' },
      },
      diffId: parseDiffId(diffId),
      origins: [],
      open: () => streamOf(bytes),
    },
    createdBy,
  };
}

function bytesOf(blob: { readonly open: () => AsyncIterable<Uint8Array> }): Promise<Buffer> {
  return collect(blob.open(), 1 << 20, 'config');
}
