import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../src/oci/digest.ts';
import { decodeImageConfig, envValue } from '../../src/oci/image-config.ts';
import { decodeManifest, encodeIndex, encodeManifest, type ImageIndex, type Manifest } from '../../src/oci/manifest.ts';
import {
  compressionOf,
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  familyOf,
  layerMediaType,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER,
  OCI_MANIFEST,
} from '../../src/oci/media-types.ts';

const DIGEST = digestOf(Buffer.from('x'));
const CONFIG = { mediaType: OCI_CONFIG, size: 1, digest: DIGEST };

function decode(value: unknown, mediaType = ''): Manifest | ImageIndex {
  const bytes = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return decodeManifest({ bytes, descriptor: { mediaType, digest: digestOf(bytes), size: bytes.byteLength } }, 'it');
}

describe('manifests', () => {
  it('are written compact, keys in Go’s order', () => {
    const { bytes, descriptor } = encodeManifest({
      mediaType: OCI_MANIFEST,
      config: CONFIG,
      layers: [{ mediaType: `${OCI_LAYER}+gzip`, size: 2, digest: DIGEST, annotations: { b: '2', a: '<1>' } }],
      annotations: {},
    });
    assert.equal(
      Buffer.from(bytes).toString(),
      `{"schemaVersion":2,"mediaType":"${OCI_MANIFEST}","config":{"mediaType":"${OCI_CONFIG}","size":1,"digest":"${DIGEST}"},` +
        `"layers":[{"mediaType":"${OCI_LAYER}+gzip","size":2,"digest":"${DIGEST}","annotations":{"a":"\\u003c1\\u003e","b":"2"}}]}`,
    );
    assert.deepEqual(descriptor, { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.byteLength });
  });

  it('decode what was encoded', () => {
    const manifest = { mediaType: OCI_MANIFEST, config: CONFIG, layers: [CONFIG], annotations: { a: 'b' } };
    assert.deepEqual(decodeManifest(encodeManifest(manifest), 'it'), { kind: 'manifest', ...manifest });
    const index = {
      mediaType: OCI_INDEX,
      manifests: [{ ...CONFIG, platform: { os: 'linux', architecture: 'arm', variant: 'v7' } }],
      annotations: {},
    };
    assert.deepEqual(decodeManifest(encodeIndex(index), 'it'), { kind: 'index', ...index });
  });

  it('take their type from the body, then the descriptor, then the shape', () => {
    assert.equal(decode({ mediaType: OCI_INDEX, manifests: [] }, OCI_MANIFEST).kind, 'index');
    assert.equal(decode({ config: CONFIG, layers: [] }, DOCKER_MANIFEST).mediaType, DOCKER_MANIFEST);
    assert.equal(decode({ config: CONFIG, layers: [] }, 'application/json').mediaType, OCI_MANIFEST);
    assert.equal(decode({ manifests: [] }, DOCKER_INDEX).mediaType, DOCKER_INDEX);
    assert.equal(decode({ manifests: [] }).mediaType, OCI_INDEX);
  });

  for (const [what, value, code, pattern] of [
    ['no JSON', '{"a":', 'IMAGE_INVALID', /^it is not JSON/],
    ['a list', [], 'MEDIA_TYPE_UNSUPPORTED', /media type unknown/],
    ['schema 1', { schemaVersion: 1, fsLayers: [] }, 'MEDIA_TYPE_UNSUPPORTED', /./],
    ['an unknown type', { mediaType: 'text/plain' }, 'MEDIA_TYPE_UNSUPPORTED', /text\/plain/],
    ['no config', { mediaType: OCI_MANIFEST, layers: [] }, 'IMAGE_INVALID', /config: is missing/],
    [
      'a layer without digest',
      { config: CONFIG, layers: [{ size: 1 }] },
      'IMAGE_INVALID',
      /layers\[0\]\.digest: is missing/,
    ],
    [
      'a digest in capitals',
      { config: { ...CONFIG, digest: DIGEST.toUpperCase() }, layers: [] },
      'IMAGE_INVALID',
      /config\.digest/,
    ],
    ['a negative size', { config: { ...CONFIG, size: -1 }, layers: [] }, 'IMAGE_INVALID', /config\.size: is negative/],
    [
      'a size beyond whole numbers',
      { config: { ...CONFIG, size: 1e300 }, layers: [] },
      'IMAGE_INVALID',
      /config\.size/,
    ],
    ['layers that are no list', { config: CONFIG, layers: {} }, 'IMAGE_INVALID', /layers: expected a list/],
    ['manifests of text', { manifests: ['x'] }, 'IMAGE_INVALID', /manifests\[0\]: expected a table/],
    ['annotations of numbers', { config: CONFIG, layers: [], annotations: { a: 1 } }, 'IMAGE_INVALID', /annotations/],
  ] as const) {
    it(`with ${what} are refused`, () => {
      assert.throws(
        () => decode(value),
        (error: Error & { code: string }) => {
          assert.equal(error.code, code);
          assert.match(error.message, pattern);
          return true;
        },
      );
    });
  }
});

describe('text that is not UTF-8', () => {
  it('is refused as a manifest and as a config', () => {
    const bytes = Buffer.from([0x7b, 0xff, 0x7d]);
    const descriptor = { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.byteLength };
    assert.throws(() => decodeManifest({ bytes, descriptor }, 'it'), {
      code: 'IMAGE_INVALID',
      message: 'it is not JSON: it is not UTF-8 text',
    });
    assert.throws(() => decodeImageConfig(bytes, 'it'), { code: 'IMAGE_INVALID' });
  });
});

describe('image configs', () => {
  it('are read with every field kept', () => {
    const text = JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      config: { Env: ['A=b=c'], Labels: { l: 'v' }, User: '1000', Cmd: null },
      rootfs: { type: 'layers', diff_ids: [DIGEST] },
      history: [{ created_by: 'x', empty_layer: true }],
      'x-unknown': { kept: true },
    });
    const config = decodeImageConfig(Buffer.from(text), 'it');
    assert.deepEqual(config.fields, JSON.parse(text));
    assert.deepEqual(config.diffIds, [DIGEST]);
    assert.deepEqual(config.cmd, []);
    assert.deepEqual(config.history, [{ createdBy: 'x', emptyLayer: true }]);
    assert.equal(envValue(config.env, 'A'), 'b=c');
  });

  it('with a wrong diffID or field are refused', () => {
    const decodeConfig = (value: unknown): unknown => decodeImageConfig(Buffer.from(JSON.stringify(value)), 'it');
    assert.throws(() => decodeConfig({ rootfs: { diff_ids: ['x'] } }), { code: 'IMAGE_INVALID' });
    assert.throws(() => decodeConfig({ config: { Env: 'A=b' } }), { code: 'IMAGE_INVALID' });
    assert.throws(() => decodeConfig([]), { code: 'IMAGE_INVALID' });
  });
});

describe('media types', () => {
  it('of layers follow the family and say how they are compressed (contract GAP-6)', () => {
    for (const family of ['oci', 'docker'] as const)
      for (const compression of ['none', 'gzip', 'zstd'] as const)
        assert.equal(compressionOf(layerMediaType(family, compression)), compression);
    assert.equal(layerMediaType('docker', 'gzip'), 'application/vnd.docker.image.rootfs.diff.tar.gzip');
    assert.equal(layerMediaType('oci', 'gzip'), 'application/vnd.oci.image.layer.v1.tar+gzip');
    assert.equal(compressionOf('application/vnd.in-toto+json'), undefined);
    assert.equal(familyOf(DOCKER_MANIFEST), 'docker');
    assert.equal(familyOf(OCI_MANIFEST), 'oci');
  });
});
