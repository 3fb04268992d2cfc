import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parseLocation } from '../../src/oci/location.ts';
import { findExisting, findWithoutContents, type ExistingLayers } from '../../src/phases/export/existing-layers.ts';
import type { Layer } from '../../src/ports/blob.ts';
import { putImage } from '../../src/store/copy.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { rejectionOf } from '../support/failure.ts';
import { imageOf } from '../support/images.ts';
import { locatorOf } from '../support/locator.ts';

interface Bed {
  readonly ctx: TestContextOf;
  readonly directory: string;
  readonly layer: Layer;
  readonly shelves: ExistingLayers;
}

async function previousImage(t: TestContext): Promise<Bed> {
  const ctx = testContext(t);
  const directory = temporaryDirectory(t);
  const image = imageOf('linux/amd64', { layers: ['an app'] });
  await using sink = await openLayoutSink(directory, 'shop', ctx);
  await putImage(image, sink, ctx);
  await sink.commit(ctx);
  const previous = await locatorOf(t).find(parseLocation(`oci:${directory}:shop`), 'previous image', ctx);
  const layer = previous.layers[0] ?? assert.fail('no layer');
  return { ctx, directory, layer, shelves: { previous, launchCache: undefined, cache: undefined } };
}

describe('a layer of the previous image', () => {
  it('is taken as the blob that it is', async (t) => {
    const { ctx, layer, shelves } = await previousImage(t);
    assert.equal(await findExisting(layer.diffId, shelves, ctx), layer);
  });

  it('is none when its blob is gone', async (t) => {
    const { ctx, directory, layer, shelves } = await previousImage(t);
    rmSync(join(directory, 'blobs', layer.descriptor.digest.replace(':', '/')));
    assert.equal(await findExisting(layer.diffId, shelves, ctx), undefined);
    const error = await rejectionOf(findWithoutContents('a:b', layer.diffId, shelves, ctx));
    assert.equal(error.code, 'LAYER_WITHOUT_CONTENTS');
  });
});
