import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { putImage } from '../../../src/store/copy.ts';
import { layoutDeleter } from '../../../src/store/layout/layout-deleter.ts';
import { openLayout } from '../../../src/store/layout/layout-source.ts';
import { openLayoutSink } from '../../../src/store/layout/layout-sink.ts';
import { temporaryDirectory, testContext } from '../../support/context.ts';
import { imageOf } from '../../support/images.ts';

describe('deleting from a layout', () => {
  it('a name goes alone, a digest with all its names; what is missing is said', async (t) => {
    const ctx = testContext(t);
    const directory = join(temporaryDirectory(t), 'out');
    const images = { a: imageOf('linux/amd64'), b: imageOf('linux/arm64') };
    for (const [name, image] of [
      ['one', images.a],
      ['two', images.a],
      ['three', images.b],
      ['four', images.b],
    ] as const) {
      await using sink = await openLayoutSink(directory, name, ctx);
      await putImage(image, sink, ctx);
      await sink.commit(ctx);
    }
    const names = async (): Promise<readonly (string | undefined)[]> =>
      (await openLayout(directory).list(ctx)).map(({ name }) => name);
    const deleter = layoutDeleter(directory);
    await deleter.delete('one', ctx);
    assert.deepEqual(await names(), ['two', 'three', 'four']);
    await deleter.delete(images.b.manifest.descriptor.digest, ctx);
    assert.deepEqual(await names(), ['two']);
    await assert.rejects(() => deleter.delete('one', ctx), { code: 'IMAGE_NOT_FOUND' });
    await assert.rejects(() => deleter.delete(images.b.manifest.descriptor.digest, ctx), { code: 'IMAGE_NOT_FOUND' });
  });

  it('a layout that is not there is not made', async (t) => {
    const directory = join(temporaryDirectory(t), 'none');
    await assert.rejects(() => layoutDeleter(directory).delete('a', testContext(t)), { code: 'IMAGE_NOT_FOUND' });
    assert.ok(!existsSync(directory));
  });
});
