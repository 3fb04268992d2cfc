import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Analyzed, AnalyzedRunImage } from '../../../src/cnb/analyzed.ts';
import { platformFeatures } from '../../../src/cnb/features.ts';
import { EMPTY_LIFECYCLE_METADATA } from '../../../src/cnb/layer-metadata.ts';
import type { GroupElement } from '../../../src/cnb/module.ts';
import { hasCode } from '../../../src/core/errors.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { parseLocation } from '../../../src/oci/location.ts';
import { resolveForExtensions, type ExtensionImages } from '../../../src/platform/lifecycle/resolve-for-extensions.ts';
import { openLayout } from '../../../src/store/layout/layout-source.ts';
import { openLayoutSink } from '../../../src/store/layout/layout-sink.ts';
import { putBase, putIndex } from '../../support/base-images.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../../support/context.ts';
import { AMD64, ARM64 } from '../../support/lifecycle-bed.ts';
import { locatorOf } from '../../support/locator.ts';

const GROUP: readonly GroupElement[] = [{ kind: 'extension', id: 'e', version: '1', api: '0.10' }];

interface Scene {
  readonly ctx: TestContextOf;
  readonly kaniko: string;
  /** `oci:…/images:both`, an index of both platforms. */
  readonly image: string;
  readonly digests: { readonly amd64: Digest; readonly arm64: Digest };
  readonly resolve: (
    runImage: Partial<AnalyzedRunImage> | undefined,
    options?: Partial<ExtensionImages>,
  ) => Promise<Analyzed>;
}

async function scene(t: TestContext): Promise<Scene> {
  const ctx = testContext(t);
  const directory = temporaryDirectory(t);
  const kaniko = join(directory, 'kaniko');
  mkdirSync(kaniko);
  const layout = join(directory, 'images');
  const labels = { 'io.buildpacks.base.distro.name': 'debian', 'io.buildpacks.base.distro.version': '12' };
  await using sink = await openLayoutSink(layout, 'both', ctx);
  const amd64 = await putBase(sink, AMD64, ctx, { labels });
  const arm64 = await putBase(sink, ARM64, ctx, { labels });
  const index = await putIndex(sink, [amd64, arm64], ctx);
  sink.tag(undefined, index.descriptor);
  await sink.commit(ctx);
  const image = `oci:${layout}:both`;
  const images = locatorOf(t);
  return {
    ctx,
    kaniko,
    image,
    digests: { amd64: amd64.digest, arm64: arm64.digest },
    resolve: (runImage, options = {}) => {
      const whole = { reference: parseLocation(image), image: 'new/base', extend: false, ...runImage };
      const analyzed = {
        metadata: EMPTY_LIFECYCLE_METADATA,
        ...(runImage === undefined ? {} : { runImage: whole }),
      };
      const features = platformFeatures('0.12');
      const wanted = { group: GROUP, buildImage: undefined, features, isLayout: false, kaniko, ...options };
      return resolveForExtensions(analyzed, wanted, images, ctx);
    },
  };
}

const ARM_SLIPWAY = { requested: 'new/base', platform: 'linux/arm64' };
const ARM_TARGET = { os: 'linux', arch: 'arm64', distro: { name: 'debian', version: '12' } };

describe('the images that extensions need', () => {
  it('a build image is kept for the extender, manifest and config alone, and its digest recorded (R-28)', async (t) => {
    const s = await scene(t);
    const buildImage = { name: 'builder', location: parseLocation(s.image) };
    const { buildImage: recorded } = await s.resolve(undefined, { buildImage });
    assert.deepEqual(recorded, { ...parseLocation(s.image.replace(':both', '')), digest: s.digests.amd64 });
    const kept = join(s.kaniko, 'cache/base', s.digests.amd64);
    const manifest = await openLayout(kept).resolve(s.digests.amd64, s.ctx);
    assert.equal(manifest.descriptor.digest, s.digests.amd64);
    assert.equal(readdirSync(join(kept, 'blobs/sha256')).length, 2);
    assert.ok(existsSync(join(kept, 'index.json')));
  });

  it('before Platform API 0.10 there is no build image', async (t) => {
    const s = await scene(t);
    const buildImage = { name: 'builder', location: parseLocation(s.image) };
    const analyzed = await s.resolve(undefined, { buildImage, features: platformFeatures('0.9') });
    assert.equal(analyzed.buildImage, undefined);
  });

  it('a run image to be extended is kept too, its digest and target recorded (R-29)', async (t) => {
    const s = await scene(t);
    const { runImage } = await s.resolve({ extend: true, slipway: ARM_SLIPWAY });
    assert.ok(existsSync(join(s.kaniko, 'cache/base', s.digests.arm64, 'oci-layout')));
    assert.deepEqual(
      [runImage?.reference, runImage?.target, runImage?.extend],
      [{ ...parseLocation(s.image.replace(':both', '')), digest: s.digests.arm64 }, ARM_TARGET, true],
    );
  });

  it('nothing is kept under -layout, nor where the directory is missing (R-29)', async (t) => {
    const s = await scene(t);
    const { runImage } = await s.resolve({ extend: true }, { isLayout: true });
    assert.equal(runImage?.target?.arch, 'amd64');
    await s.resolve({ extend: true }, { kaniko: join(s.kaniko, 'none') });
    assert.deepEqual(readdirSync(s.kaniko), []);
  });

  it('a run image that extensions switched to is resolved for the platform of the one before (R-30)', async (t) => {
    const s = await scene(t);
    const { runImage } = await s.resolve({ slipway: ARM_SLIPWAY });
    assert.deepEqual(runImage, {
      reference: { ...parseLocation(s.image.replace(':both', '')), digest: s.digests.arm64 },
      image: 'new/base',
      extend: false,
      target: ARM_TARGET,
      slipway: { ...ARM_SLIPWAY, index: runImage?.slipway?.index },
    });
    assert.deepEqual(readdirSync(s.kaniko), []);
  });

  it('without extensions, or with a target, nothing is asked', async (t) => {
    const s = await scene(t);
    const gone = { reference: parseLocation('oci:/no/such/place') };
    assert.equal((await s.resolve(gone, { group: [] })).runImage?.reference, gone.reference);
    const target = { os: 'linux', arch: 'amd64' };
    assert.equal((await s.resolve({ ...gone, target })).runImage?.target, target);
  });

  it('a base that cannot be used stops with 32, its name and the reason', async (t) => {
    const s = await scene(t);
    await assert.rejects(s.resolve({ reference: parseLocation('oci:/no/such/place') }), (error) => {
      assert.ok(hasCode(error, 'RUN_IMAGE_UNUSABLE'));
      assert.equal(error.exit, 32);
      assert.match(error.message, /new\/base/);
      assert.match(error.details['reason'] ?? '', /no OCI layout in \/no\/such\/place/);
      return true;
    });
  });
});
