import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { collect } from '../../src/core/bytes.ts';
import { SlipwayError, type Remedy } from '../../src/core/errors.ts';
import type { ErrorCode } from '../../src/core/error-codes.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { parseDigest } from '../../src/oci/digest.ts';
import { displayLocation, parseLocation } from '../../src/oci/location.ts';
import { encodeManifest, type RawManifest } from '../../src/oci/manifest.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import type { Image } from '../../src/ports/image.ts';
import type { ImageRole } from '../../src/ports/image-finder.ts';
import type { ImageSource } from '../../src/ports/store.ts';
import type { AssembledImage } from '../../src/store/copy.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import { selectImage } from '../../src/store/select.ts';
import { testContext, type TestContextOf } from '../support/context.ts';
import { bareEntryOf, blobOf, entryOf, fill, imageOf, indexOf } from '../support/images.ts';

const AMD64 = imageOf('linux/amd64');
const ARM64 = imageOf('linux/arm64/v8');
const ARMV6 = imageOf('linux/arm/v6');
const ARMV7 = imageOf('linux/arm/v7');
const REQUESTED = parseLocation('127.0.0.1:5000/base/run:v1');

interface Case {
  readonly images: readonly AssembledImage[];
  readonly top?: readonly RawManifest[];
  readonly target?: string;
  readonly allowEmpty?: boolean;
  readonly role?: ImageRole;
}

interface Selected {
  readonly image: Image;
  readonly ctx: TestContextOf;
}

async function select(t: TestContext, wanted: Case): Promise<Selected> {
  const ctx = testContext(t);
  const store = new MemoryStore();
  const sink = store.openSink('base/run', 'v1');
  await fill(sink, wanted.images, ctx, wanted.top ?? []);
  await sink.commit(ctx);
  return { image: await selectFrom(store.repository('base/run'), wanted, ctx), ctx };
}

function selectFrom(source: ImageSource, wanted: Case, ctx: TestContextOf): Promise<Image> {
  return selectImage(source, REQUESTED, ctx, {
    role: wanted.role ?? 'run image',
    hostArchitecture: 'amd64',
    ...(wanted.target === undefined ? {} : { target: parsePlatform(wanted.target) }),
    ...(wanted.allowEmpty === undefined ? {} : { allowEmpty: wanted.allowEmpty }),
  });
}

async function failure(task: Promise<unknown>, code: ErrorCode): Promise<SlipwayError> {
  const error: unknown = await task.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SlipwayError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

const attestation: Descriptor = {
  ...bareEntryOf(imageOf('unknown/unknown', { layers: ['provenance'] })),
  platform: { os: 'unknown', architecture: 'unknown' },
  annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
};

describe('a name becomes an image in one place (design §2.1)', () => {
  it('an index of two platforms is resolved for each target, and pinned to the platform manifest', async (t) => {
    const index = indexOf([entryOf(AMD64), entryOf(ARM64)]);
    for (const [target, expected] of [
      ['linux/amd64', AMD64],
      ['linux/arm64', ARM64],
      ['linux/arm64/v8', ARM64],
    ] as const) {
      const { image } = await select(t, { images: [AMD64, ARM64], top: [index], target });
      assert.equal(image.manifestDigest, expected.manifest.descriptor.digest);
      assert.equal(image.indexDigest, index.descriptor.digest);
      assert.equal(displayLocation(image.pinned), `127.0.0.1:5000/base/run@${image.manifestDigest}`);
      assert.equal(displayLocation(image.requested), '127.0.0.1:5000/base/run:v1');
      assert.deepEqual(
        image.layers.map((layer) => layer.diffId),
        expected.layers.map((layer) => layer.diffId),
      );
    }
  });

  it('an index in an index is followed (A-41, GAP-2)', async (t) => {
    const inner = indexOf([entryOf(AMD64), entryOf(ARM64)]);
    const middle = indexOf([inner.descriptor]);
    const outer = indexOf([middle.descriptor]);
    const { image } = await select(t, { images: [AMD64, ARM64], top: [inner, middle, outer], target: 'linux/arm64' });
    assert.equal(image.manifestDigest, ARM64.manifest.descriptor.digest);
    assert.equal(image.indexDigest, outer.descriptor.digest);
  });

  it('a cycle of indexes ends', async (t) => {
    const ctx = testContext(t);
    const self = parseDigest(`sha256:${'a'.repeat(64)}`);
    const body = indexOf([{ mediaType: 'application/vnd.oci.image.index.v1+json', digest: self, size: 0 }]);
    const entry = { ...body.descriptor, digest: self };
    const looping: ImageSource = {
      description: 'a store that lies',
      has: () => Promise.resolve(false),
      open: () => assert.fail('no blob is needed'),
      resolve: () => {
        const bytes = indexOf([{ ...entry, size: body.bytes.byteLength }]).bytes;
        return Promise.resolve({ descriptor: { ...entry, size: bytes.byteLength }, bytes });
      },
    };
    await failure(selectFrom(looping, { images: [] }, ctx), 'PLATFORM_NOT_FOUND');
  });

  it('attestations are never chosen and never offered (A-39, GAP-2)', async (t) => {
    const index = indexOf([
      attestation,
      entryOf(ARM64),
      { ...attestation, digest: parseDigest(`sha256:${'b'.repeat(64)}`) },
    ]);
    const { image } = await select(t, { images: [ARM64], top: [index], target: 'linux/arm64' });
    assert.equal(image.manifestDigest, ARM64.manifest.descriptor.digest);
    const error = await failure(
      select(t, { images: [ARM64], top: [index], target: 'linux/s390x' }),
      'PLATFORM_NOT_FOUND',
    );
    assert.equal(error.details['offered'], 'linux/arm64/v8');
  });

  it('an entry without platform is judged by its config (A-40, GAP-2)', async (t) => {
    const index = indexOf([bareEntryOf(AMD64), bareEntryOf(ARM64)]);
    const { image } = await select(t, { images: [AMD64, ARM64], top: [index], target: 'linux/arm64' });
    assert.equal(image.manifestDigest, ARM64.manifest.descriptor.digest);
  });

  it('an entry that carries the config type as artifactType is an image', async (t) => {
    const index = indexOf([{ ...entryOf(AMD64), artifactType: OCI_CONFIG }]);
    const { image } = await select(t, { images: [AMD64], top: [index], target: 'linux/amd64' });
    assert.equal(image.manifestDigest, AMD64.manifest.descriptor.digest);
  });

  it('a signature beside the images is passed over', async (t) => {
    const config = blobOf(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json');
    const signature = encodeManifest({
      mediaType: OCI_MANIFEST,
      artifactType: 'application/vnd.example.signature',
      config: config.descriptor,
      layers: [],
      annotations: {},
    });
    const index = indexOf([signature.descriptor, entryOf(AMD64)]);
    const { image } = await select(t, { images: [AMD64], top: [signature, index], target: 'linux/amd64' });
    assert.equal(image.manifestDigest, AMD64.manifest.descriptor.digest);
  });

  it('the variant that fits best is taken: exact, else a lower one', async (t) => {
    const both = { images: [ARMV6, ARMV7], top: [indexOf([entryOf(ARMV6), entryOf(ARMV7)])] };
    const exact = await select(t, { ...both, target: 'linux/arm/v7' });
    assert.equal(exact.image.manifestDigest, ARMV7.manifest.descriptor.digest);
    const lower = await select(t, { images: [ARMV6], top: [indexOf([entryOf(ARMV6)])], target: 'linux/arm/v7' });
    assert.equal(lower.image.manifestDigest, ARMV6.manifest.descriptor.digest);
    const only = { images: [ARMV7], top: [indexOf([entryOf(ARMV7)])], target: 'linux/arm/v6' };
    await failure(select(t, only), 'PLATFORM_NOT_FOUND');
  });

  it('a platform listed twice: the first is taken, with a warning', async (t) => {
    const other = imageOf('linux/amd64', { layers: ['another'] });
    const index = indexOf([entryOf(other), entryOf(AMD64)]);
    const { image, ctx } = await select(t, { images: [AMD64, other], top: [index], target: 'linux/amd64' });
    assert.equal(image.manifestDigest, other.manifest.descriptor.digest);
    assert.deepEqual(
      ctx.events.flatMap((event) => (event.type === 'warning' ? [event.code] : [])),
      ['PLATFORM_LISTED_TWICE'],
    );
  });

  it('no target and several platforms: this machine’s, and the choice is said', async (t) => {
    const index = indexOf([entryOf(ARM64), entryOf(AMD64)]);
    const { image, ctx } = await select(t, { images: [AMD64, ARM64], top: [index] });
    assert.equal(image.manifestDigest, AMD64.manifest.descriptor.digest);
    const [event] = ctx.events;
    assert.deepEqual(event, {
      type: 'image.resolved',
      role: 'run image',
      requested: '127.0.0.1:5000/base/run:v1',
      index: index.descriptor.digest,
      manifest: AMD64.manifest.descriptor.digest,
      platform: 'linux/amd64',
      note: 'linux/amd64 chosen for this machine from linux/arm64/v8, linux/amd64',
    });
  });

  it('no target: an index without this machine’s platform is an error, a plain manifest is what it is', async (t) => {
    const error = await failure(select(t, { images: [ARM64], top: [indexOf([entryOf(ARM64)])] }), 'PLATFORM_NOT_FOUND');
    assert.equal(error.details['offered'], 'linux/arm64/v8');
    const { image: single } = await select(t, { images: [ARM64] });
    assert.equal(single.indexDigest, undefined);
  });

  it('a platform that is not offered: the error says what is', async (t) => {
    const index = indexOf([entryOf(AMD64), entryOf(ARM64)]);
    const wanted = { images: [AMD64, ARM64], top: [index], target: 'linux/s390x' };
    const error = await failure(select(t, wanted), 'PLATFORM_NOT_FOUND');
    assert.equal(error.message, 'no linux/s390x image in run image 127.0.0.1:5000/base/run:v1');
    assert.deepEqual(error.details, {
      requested: '127.0.0.1:5000/base/run:v1',
      index: index.descriptor.digest,
      wanted: 'linux/s390x',
      offered: 'linux/amd64, linux/arm64/v8',
    });
    const remedy: Remedy = { kind: 'choose-platform', offered: ['linux/amd64', 'linux/arm64/v8'] };
    assert.deepEqual(error.hint, remedy);
  });

  it('a single-platform image that contradicts the target is an error', async (t) => {
    const error = await failure(select(t, { images: [ARM64], target: 'linux/amd64' }), 'PLATFORM_NOT_FOUND');
    assert.equal(error.details['offered'], 'linux/arm64/v8');
  });

  it('a chosen manifest that is not there is named, one that is not chosen does not matter', async (t) => {
    const index = indexOf([entryOf(AMD64), entryOf(ARM64)]);
    const { image } = await select(t, { images: [AMD64], top: [index], target: 'linux/amd64' });
    assert.equal(image.manifestDigest, AMD64.manifest.descriptor.digest);
    const error = await failure(select(t, { images: [AMD64], top: [index], target: 'linux/arm64' }), 'IMAGE_NOT_FOUND');
    assert.match(error.message, /lists linux\/arm64\/v8, but its manifest is not there/);
    assert.equal(error.details['manifest'], ARM64.manifest.descriptor.digest);
  });
});

describe('an image whose parts disagree is an error where it is named (design §2.3)', () => {
  it('no layers (A-42)', async (t) => {
    const empty = imageOf('linux/amd64', { layers: [] });
    const error = await failure(select(t, { images: [empty] }), 'IMAGE_NO_LAYERS');
    assert.equal(error.details['manifest'], empty.manifest.descriptor.digest);
    const { image } = await select(t, { images: [empty], allowEmpty: true });
    assert.deepEqual(image.layers, []);
  });

  it('no os in the config', async (t) => {
    const image = imageOf('linux/amd64', { config: { os: undefined } });
    const error = await failure(select(t, { images: [image] }), 'IMAGE_INVALID');
    assert.match(error.message, /^failed to find OS in the config of run image /);
    assert.equal(error.details['missing'], 'os');
  });

  it('no architecture, but for a cache image, which the Go lifecycle writes so', async (t) => {
    const image = imageOf('linux/amd64', { config: { architecture: '' } });
    await failure(select(t, { images: [image] }), 'IMAGE_INVALID');
    const { image: cache } = await select(t, { images: [image], role: 'cache image' });
    assert.equal(cache.platform.architecture, '');
  });

  it('another number of diffIDs than layers', async (t) => {
    const image = imageOf('linux/amd64', { layers: ['a', 'b'], config: { rootfs: { diff_ids: [] } } });
    const error = await failure(select(t, { images: [image] }), 'IMAGE_INVALID');
    assert.match(error.message, /has 2 layers but 0 diffIDs/);
  });

  it('listed for one platform, built for another', async (t) => {
    const index = indexOf([{ ...entryOf(AMD64), platform: parsePlatform('linux/arm64') }]);
    const error = await failure(select(t, { images: [AMD64], top: [index], target: 'linux/arm64' }), 'IMAGE_INVALID');
    assert.match(error.message, /says linux\/amd64 in its config but is listed as linux\/arm64/);
  });

  it('a config of other bytes than the manifest promises', async (t) => {
    const ctx = testContext(t);
    const store = new MemoryStore();
    const sink = store.openSink('base/run', 'v1');
    await fill(sink, [AMD64], ctx);
    await sink.commit(ctx);
    const honest = store.repository('base/run');
    const lying: ImageSource = { ...honest, open: () => blobOf(Buffer.from('{}'), '').open() };
    await failure(selectFrom(lying, { images: [] }, ctx), 'CONTENT_MISMATCH');
  });

  it('a manifest of more than 4 MiB is refused, one of exactly 4 MiB is read', async (t) => {
    const sized = (size: number): AssembledImage => {
      const { manifest } = AMD64;
      const padding = Buffer.alloc(size - manifest.bytes.byteLength, ' ');
      const bytes = Buffer.concat([manifest.bytes, padding]);
      return { ...AMD64, manifest: { bytes, descriptor: blobOf(bytes, OCI_MANIFEST).descriptor } };
    };
    const { image } = await select(t, { images: [sized(4 * 1024 * 1024)] });
    assert.equal(image.layers.length, 1);
    await failure(select(t, { images: [sized(4 * 1024 * 1024 + 1)] }), 'IMAGE_INVALID');
  });

  it('a layer is read, and verified, from where the image lies', async (t) => {
    const { image } = await select(t, { images: [AMD64] });
    const [layer] = image.layers;
    assert.ok(layer !== undefined);
    const bytes = await collect(layer.open(), layer.descriptor.size, 'layer');
    assert.equal(blobOf(bytes, '').descriptor.digest, layer.descriptor.digest);
  });
});
