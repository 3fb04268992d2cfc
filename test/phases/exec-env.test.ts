import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { platformFeatures } from '../../src/cnb/features.ts';
import { EMPTY_LIFECYCLE_METADATA } from '../../src/cnb/layer-metadata.ts';
import { lifecycleMetadataLabel } from '../../src/cnb/labels.ts';
import { createLocator } from '../../src/locate/locator.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { analyze, type AnalyzeOutput } from '../../src/phases/analyze.ts';
import { putImage } from '../../src/store/copy.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { goldenPlaces } from '../support/golden-layers.ts';
import { imageOf } from '../support/images.ts';

const LABEL = lifecycleMetadataLabel({ ...EMPTY_LIFECYCLE_METADATA, app: ['sha256:1'] });

describe('a previous image of another execution environment', () => {
  for (const [recorded, wanted] of [
    ['test', 'production'],
    ['production', 'test'],
    [undefined, 'test'],
  ] as const) {
    it(`${recorded ?? 'no record'} is ignored by a build for ${wanted}, which is said (GAP-24)`, async (t) => {
      const { output, ctx } = await analyzed(t, recorded, { execEnv: wanted });
      assert.equal(output.previousImage, undefined);
      assert.equal(output.analyzed.previousImage, undefined);
      assert.deepEqual(output.analyzed.metadata.app, []);
      const message = `Ignoring image "shop" because it is for the execution environment ${recorded ?? 'production'}, not ${wanted}`;
      assert.ok(ctx.events.some((event) => event.type === 'log' && event.message === message));
    });
  }

  for (const [recorded, wanted, api] of [
    ['test', 'test', '0.15'],
    [undefined, 'production', '0.15'],
    ['production', 'production', '0.15'],
    ['test', 'production', '0.14'],
  ] as const) {
    it(`${recorded ?? 'no record'} serves a build for ${wanted} with Platform API ${api}`, async (t) => {
      const { output } = await analyzed(t, recorded, { execEnv: wanted, api });
      assert.deepEqual(output.analyzed.metadata.app, ['sha256:1']);
    });
  }
});

async function analyzed(
  t: TestContext,
  recorded: string | undefined,
  { execEnv, api = '0.15' }: { readonly execEnv: string; readonly api?: string },
): Promise<{ readonly output: AnalyzeOutput; readonly ctx: TestContextOf }> {
  const ctx = testContext(t);
  const directory = temporaryDirectory(t);
  await using sink = await openLayoutSink(directory, 'shop', ctx);
  const record = recorded === undefined ? {} : { 'io.buildpacks.exec-env': recorded };
  const config = { config: { Labels: { 'io.buildpacks.lifecycle.metadata': LABEL, ...record } } };
  await putImage(imageOf('linux/amd64', { config, layers: ['an app'] }), sink, ctx, { names: ['shop', 'run'] });
  await sink.commit(ctx);
  await using images = createLocator({
    registry: { insecure: [], credentials: { find: () => Promise.resolve({ trace: [] }) }, userAgent: 'slipway-test' },
    hostArchitecture: 'amd64',
  });
  const previousImage = parseLocation(`oci:${directory}:shop`);
  const input = {
    runImage: [{ location: parseLocation(`oci:${directory}:run`), name: 'run' }],
    previousImage,
    previousName: 'shop',
    outputs: [previousImage],
    target: undefined,
    skipLayers: false,
    layers: goldenPlaces(t).layers,
    features: platformFeatures(api),
    execEnv,
  };
  return { output: await analyze(input, { images }, ctx), ctx };
}
