import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runImageMemory, runImageTools } from '../../src/platform/run-image-tools.ts';
import type { Image } from '../../src/ports/image.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { BASE } from '../support/export-world.ts';
import { fixtureImage, RUN_V1 } from '../support/fixture-image.ts';

describe('the programs of a run image', () => {
  it('are remembered by its manifest digest, so that its layers need not be read again', async (t) => {
    const ctx = testContext(t);
    const memory = join(temporaryDirectory(t), 'run-images');
    const image = fixtureImage(BASE, RUN_V1, '127.0.0.1:5910/base/run:v1');
    const tools = await runImageTools(image, memory, ctx)();
    const unreadable: Image = { ...image, layers: image.layers.map((layer) => ({ ...layer, open: neverRead })) };
    assert.deepEqual(await runImageTools(unreadable, memory, ctx)(), tools);
    await assert.rejects(runImageTools(unreadable, undefined, ctx)());
    const [file = ''] = readdirSync(memory);
    writeFileSync(join(memory, file), '{"/bin/sh":');
    assert.deepEqual(await runImageTools(image, memory, ctx)(), tools);
    assert.deepEqual(await runImageTools(unreadable, memory, ctx)(), tools);
  });

  it('are none without layers, and are asked for once', async (t) => {
    const scratch = { kind: 'scratch', platform: { os: 'linux', architecture: 'amd64' }, family: 'oci' } as const;
    const ask = runImageTools(scratch, undefined, testContext(t));
    assert.equal((await ask()).hasShell, false);
    assert.equal(ask(), ask());
  });

  it('are remembered beside a cache, if there is one', () => {
    assert.equal(runImageMemory({ cacheDir: '/c', launchCacheDir: '/l' }), '/c/run-images');
    assert.equal(runImageMemory({ cacheDir: undefined, launchCacheDir: '/l' }), '/l/run-images');
    assert.equal(runImageMemory({ cacheDir: undefined, launchCacheDir: undefined }), undefined);
  });
});

function neverRead(): AsyncIterable<Uint8Array> {
  throw new Error('read again');
}
