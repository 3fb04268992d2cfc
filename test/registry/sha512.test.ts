import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { collect } from '../../src/core/bytes.ts';
import { digester, type Digest } from '../../src/oci/digest.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { encodeManifest, type RawManifest } from '../../src/oci/manifest.ts';
import { OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { Blob } from '../../src/ports/blob.ts';
import { copyImage, type AssembledImage } from '../../src/store/copy.ts';
import { validateImages } from '../../src/tools/validate.ts';
import { imageOf, indexOf } from '../support/images.ts';
import { save, toolScene } from '../support/tool-scene.ts';
import { testClient } from '../support/registry.ts';

const IMAGE = await inSha512(imageOf('linux/amd64', { layers: ['one', 'two'] }));
const INDEX = indexOf([{ ...IMAGE.manifest.descriptor, platform: IMAGE.platform }]);

describe('sha512 digests', () => {
  it('manifests, configs and layers go to a registry, a layout, an archive and back, whole', async (t) => {
    const scene = await toolScene(t);
    const { ctx, stores, directory, host } = scene;
    const places = [
      `${host}/first:v1`,
      `oci:${join(directory, 'layout')}:v1`,
      `oci-archive:${join(directory, 'archive.tar')}:v1`,
      `${host}/last:v1`,
    ].map((text) => parseLocation(text));
    await save(scene, `${host}/first:v1`, { images: [IMAGE], top: [INDEX] });
    for (const [at, place] of places.entries()) {
      const before = places[at - 1];
      if (before !== undefined) {
        await using sink = await stores.openSink(place, ctx);
        await copyImage({ source: await stores.openSource(before, ctx), name: 'v1' }, sink, ctx);
        await sink.commit(ctx);
      }
      const source = await stores.openSource(place, ctx);
      assert.equal((await source.resolve('v1', ctx)).descriptor.digest, INDEX.descriptor.digest);
      const manifest = await source.resolve(IMAGE.manifest.descriptor.digest, ctx);
      assert.equal(manifest.descriptor.digest, IMAGE.manifest.descriptor.digest);
      for (const { descriptor } of [...IMAGE.layers, IMAGE.config])
        assert.equal((await collect(source.open(descriptor, ctx), 1e6, 'blob')).byteLength, descriptor.size);
      assert.deepEqual(await validateImages(place, stores, ctx), []);
    }
  });

  it('what refers to an image by its sha512 digest is listed', async (t) => {
    const scene = await toolScene(t);
    const { ctx, host } = scene;
    await save(scene, `${host}/app:v1`, { images: [IMAGE], top: [INDEX] });
    const artifact = encodeManifest({
      mediaType: OCI_MANIFEST,
      artifactType: 'application/vnd.example.sbom',
      config: IMAGE.config.descriptor,
      layers: [],
      annotations: {},
      subject: IMAGE.manifest.descriptor,
    });
    const repository = testClient(t).repository(host, 'app');
    const sink = repository.openSink('unused');
    await sink.putManifest(artifact, ctx);
    await sink.commit(ctx);
    const listed = await repository.referrers(IMAGE.manifest.descriptor.digest, ctx);
    assert.deepEqual(
      listed.map(({ digest }) => digest),
      [artifact.descriptor.digest],
    );
  });
});

/** The same image, of which every digest but the diffIDs is sha512. */
async function inSha512(image: AssembledImage): Promise<AssembledImage> {
  const renamed = async <T extends Blob>(blob: T): Promise<T> => {
    const digest = sha512(await collect(blob.open(), 1e6, 'blob'));
    return { ...blob, descriptor: { ...blob.descriptor, digest } };
  };
  const [layers, config] = [
    await Promise.all(image.layers.map((layer) => renamed(layer))),
    await renamed(image.config),
  ];
  const { bytes, descriptor } = encodeManifest({
    mediaType: OCI_MANIFEST,
    config: config.descriptor,
    layers: layers.map((layer) => layer.descriptor),
    annotations: {},
  });
  const manifest: RawManifest = { bytes, descriptor: { ...descriptor, digest: sha512(bytes) } };
  return { ...image, layers, config, manifest };
}

function sha512(bytes: Uint8Array): Digest {
  const hash = digester('sha512');
  hash.update(bytes);
  return hash.digest();
}
