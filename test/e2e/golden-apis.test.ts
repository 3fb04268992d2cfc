import { describe, it } from 'node:test';
import { encodeIndex } from '../../src/oci/manifest.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import type { TestContextOf } from '../support/context.ts';
import { AllowedDifferences } from '../support/differences.ts';
import { GoldenComparison } from '../support/golden-compare.ts';
import { beginRecorded, fivePhases, skipRecorded } from '../support/golden-runs.ts';
import type { RecordedRoot } from '../support/recorded-root.ts';

const compare = new GoldenComparison(new AllowedDifferences());

describe('golden runs of older Platform APIs', { skip: skipRecorded() }, () => {
  for (const [api, order] of [
    ['0.7', 'order-old.toml'],
    ['0.9', 'order-old.toml'],
    ['0.10', 'order-old.toml'],
    ['0.12', 'order.toml'],
    ['0.13', 'order.toml'],
    ['0.14', 'order.toml'],
  ] as const) {
    it(`registry-5phase-api${api}: config bytes are equal, files equal as data (E-26, E-27, E-38)`, async (t) => {
      const { root, ctx } = await beginRecorded(t);
      const name = `registry-5phase-api${api}`;
      const repository = `app/five-api${api}`;
      root.app('app-v1.tar');
      fivePhases(root, { image: `127.0.0.1:5910/${repository}`, order, api, projectMetadata: true });
      compare.exits(name, await root.finish());
      await compare.image(root, { name, repository }, ctx);
      compare.files(root, name, { ignorePrevious: true });
      compare.cache(root, name);
    });
  }
});

describe('golden runs with other inputs', { skip: skipRecorded() }, () => {
  it('composite-order: a composite buildpack whose first group fails', async (t) => {
    const { root, ctx } = await beginRecorded(t);
    root.app('app-v1.tar');
    fivePhases(root, { image: '127.0.0.1:5910/app/meta', order: 'order-meta.toml' });
    compare.exits('composite-order', await root.finish());
    await compare.image(root, { name: 'composite-order', repository: 'app/meta' }, ctx);
    compare.files(root, 'composite-order');
    compare.cache(root, 'composite-order');
  });

  it('process-type-tags-run-toml: another default process, two tags, the run image’s name and mirrors (E-33, E-34, E-41)', async (t) => {
    const { root, ctx } = await beginRecorded(t);
    const name = 'process-type-tags-run-toml';
    const [one, two] = ['127.0.0.1:5910/app/tags:one', '127.0.0.1:5910/app/tags:two'];
    const run = ['-run', '/io/run.toml'];
    root.app('app-v1.tar');
    fivePhases(root, {
      image: one,
      order: 'order.toml',
      analyzer: [...run, '-tag', two],
      exporter: [...run, '-process-type', 'worker'],
      names: [two, one],
    });
    compare.exits('process-type-tags-run-toml', await root.finish());
    await compare.image(root, { name, repository: 'app/tags', tag: 'one', folder: 'image-one' }, ctx);
    await compare.image(root, { name, repository: 'app/tags', tag: 'two', folder: 'image-two' }, ctx);
    compare.files(root, name, { ignorePrevious: true });
    compare.cache(root, name);
  });

  for (const [name, first, second, analyzer] of [
    ['previous-image', 'app/five', 'app/prev-new', ['-previous-image', '127.0.0.1:5910/app/five']],
    ['rebuild-no-cache', 'app/rebuild-nc', 'app/rebuild-nc', []],
  ] as const) {
    it(`${name}: a second build over the image of the first, without its cache`, async (t) => {
      const { root, ctx } = await beginRecorded(t);
      const phases = { order: 'order.toml', projectMetadata: true };
      root.app('app-v1.tar');
      fivePhases(root, { ...phases, image: `127.0.0.1:5910/${first}` });
      root.resetLayers();
      fivePhases(root, { ...phases, image: `127.0.0.1:5910/${second}`, analyzer });
      compare.exits(name, await root.finish());
      await compare.image(root, { name, repository: second }, ctx);
      compare.files(root, name, { ignorePrevious: true });
      compare.cache(root, name);
    });
  }

  it('run-index-nested: the run image is an index of an index', async (t) => {
    const { root, ctx } = await beginRecorded(t);
    await nestRunImage(root, ctx);
    root.app('app-v1.tar');
    const runImage = '127.0.0.1:5910/base/run:nested';
    fivePhases(root, { image: '127.0.0.1:5910/app/nested', order: 'order.toml', runImage });
    compare.exits('run-index-nested', await root.finish());
    compare.files(root, 'run-index-nested');
    compare.cache(root, 'run-index-nested');
  });
});

/** `base/run:nested`: an index whose one entry is the index of `base/run:v1`. */
async function nestRunImage(root: RecordedRoot, ctx: TestContextOf): Promise<void> {
  const { descriptor } = await openLayout(root.registry).resolve('base/run:v1', ctx);
  await using sink = await openLayoutSink(root.registry, 'base/run:nested', ctx);
  const { mediaType } = descriptor;
  const outer = encodeIndex({ mediaType, manifests: [descriptor], annotations: {} });
  await sink.putManifest(outer, ctx);
  sink.tag(undefined, outer.descriptor);
  await sink.commit(ctx);
}
