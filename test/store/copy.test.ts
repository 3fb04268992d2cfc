import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { streamOf } from '../../src/core/bytes.ts';
import { SlipwayError } from '../../src/core/errors.ts';
import { parseDigest, type Digest } from '../../src/oci/digest.ts';
import type { Layer } from '../../src/ports/blob.ts';
import type { ImageSink, ImageSource } from '../../src/ports/store.ts';
import { eachBounded } from '../../src/store/bounded.ts';
import { copyImage, putImage } from '../../src/store/copy.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { MemoryStore } from '../../src/store/memory/memory-store.ts';
import { validateStore } from '../../src/store/validate.ts';
import { verifyStream } from '../../src/oci/verify-stream.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { blobOf, entryOf, fill, imageOf, indexOf, layerOf } from '../support/images.ts';
import { startRegistry, testClient } from '../support/registry.ts';

const IMAGE = imageOf('linux/amd64', { layers: ['one', 'two', 'three', 'four', 'five', 'six'] });

async function memoryWith(ctx: TestContextOf): Promise<ImageSource> {
  const store = new MemoryStore();
  const sink = store.openSink('app', 'latest');
  const arm64 = imageOf('linux/arm64');
  await fill(sink, [IMAGE, arm64], ctx, [indexOf([entryOf(IMAGE), entryOf(arm64)])]);
  await sink.commit(ctx);
  return store.repository('app');
}

async function failureOf(task: Promise<unknown>): Promise<SlipwayError> {
  const error: unknown = await task.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SlipwayError, String(error));
  return error;
}

describe('copyImage', () => {
  it('puts every blob before the first manifest, children before their index, and the name last', async (t) => {
    const ctx = testContext(t);
    const order: string[] = [];
    const sink = recording(order);
    await copyImage({ source: await memoryWith(ctx), name: 'latest' }, sink, ctx, { name: 'copy' });
    assert.deepEqual(
      order.filter((step, at) => step !== order[at - 1]),
      ['blob', 'manifest', 'tag copy'],
    );
    assert.equal(order.filter((step) => step === 'manifest').length, 3);
  });

  it('says in its details which side failed', async (t) => {
    const ctx = testContext(t);
    const honest = await memoryWith(ctx);
    const broken: ImageSource = {
      ...honest,
      open: (descriptor) => verifyStream(streamOf(Buffer.from('other')), descriptor, 'blob'),
    };
    await using sink = await openLayoutSink(join(temporaryDirectory(t), 'out'), 'one', ctx);
    const reading = await failureOf(copyImage({ source: broken, name: 'latest' }, sink, ctx));
    assert.deepEqual([reading.code, reading.details['reading']], ['CONTENT_MISMATCH', 'memory:app']);
    const refusing: ImageSink = {
      ...recording([]),
      put: () => Promise.reject(new SlipwayError('DISK_FULL', 'no space left')),
    };
    const writing = await failureOf(copyImage({ source: honest, name: 'latest' }, refusing, ctx));
    assert.deepEqual([writing.code, writing.details['writing']], ['DISK_FULL', 'recording']);
    const missing = await failureOf(copyImage({ source: honest, name: 'none' }, sink, ctx));
    assert.deepEqual([missing.code, missing.details['reading']], ['IMAGE_NOT_FOUND', 'memory:app']);
  });

  it('a child that is missing is an error that names it', async (t) => {
    const ctx = testContext(t);
    const store = new MemoryStore();
    const sink = store.openSink('app', 'latest');
    const absent = imageOf('linux/arm64');
    await fill(sink, [IMAGE], ctx, [indexOf([entryOf(IMAGE), entryOf(absent)])]);
    await sink.commit(ctx);
    const error = await failureOf(copyImage({ source: store.repository('app'), name: 'latest' }, recording([]), ctx));
    assert.equal(error.code, 'IMAGE_NOT_FOUND');
    assert.ok(error.message.includes(absent.manifest.descriptor.digest), error.message);
  });

  it('a layer that its licence keeps elsewhere is left there', async (t) => {
    const ctx = testContext(t);
    const store = new MemoryStore();
    const foreign = {
      mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      digest: parseDigest(`sha256:${'f'.repeat(64)}`),
      size: 5,
      urls: ['http://10.0.0.1/layer'],
    };
    const { manifest: raw } = imageOf('linux/amd64', { layers: [] });
    const text = Buffer.from(raw.bytes)
      .toString()
      .replace('"layers":[]', `"layers":[${JSON.stringify(foreign)}]`);
    const manifest = {
      bytes: Buffer.from(text),
      descriptor: blobOf(Buffer.from(text), raw.descriptor.mediaType).descriptor,
    };
    const sink = store.openSink('app', 'latest');
    await fill(sink, [imageOf('linux/amd64', { layers: [] })], ctx, [manifest]);
    await sink.commit(ctx);
    const order: string[] = [];
    await copyImage({ source: store.repository('app'), name: 'latest' }, recording(order), ctx);
    assert.deepEqual(order, ['blob', 'manifest', 'tag undefined']);
  });

  it('from one registry to another does not wait for itself, however many blobs there are', async (t) => {
    const ctx = testContext(t);
    const [from, to] = [await startRegistry(t), await startRegistry(t)];
    const client = testClient(t);
    const image = imageOf('linux/amd64', { layers: Array.from({ length: 20 }, (_, at) => `layer ${String(at)}`) });
    const sink = client.repository(from.name, 'app').openSink('1');
    await putImage(image, sink, ctx);
    await sink.commit(ctx);
    const target = client.repository(to.name, 'copy');
    const copy = target.openSink('1');
    await copyImage({ source: client.repository(from.name, 'app'), name: '1' }, copy, ctx);
    await copy.commit(ctx);
    assert.equal((await target.resolve('1', ctx)).descriptor.digest, image.manifest.descriptor.digest);
  });

  it('inside a registry mounts instead of moving bytes', async (t) => {
    const ctx = testContext(t);
    const registry = await startRegistry(t);
    const client = testClient(t);
    const sink = client.repository(registry.name, 'app').openSink('1');
    await putImage(IMAGE, sink, ctx);
    await sink.commit(ctx);
    registry.requests.length = 0;
    const copy = client.repository(registry.name, 'copy').openSink('1');
    await copyImage({ source: client.repository(registry.name, 'app'), name: '1' }, copy, ctx);
    await copy.commit(ctx);
    const reads = registry.requests.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/'));
    assert.deepEqual(reads, []);
  });
});

describe('putImage', () => {
  it('puts layers first, then config, manifest and all names; the same layer once', async (t) => {
    const ctx = testContext(t);
    const order: string[] = [];
    const [layer] = IMAGE.layers;
    assert.ok(layer !== undefined);
    await putImage({ ...IMAGE, layers: [layer, layer] }, recording(order), ctx, { names: [undefined, 'two'] });
    assert.deepEqual(order, ['blob', 'blob', 'manifest', 'tag undefined', 'tag two']);
  });

  it('a base layer that cannot be read names where it was to come from', async (t) => {
    const ctx = testContext(t);
    const gone: Layer = {
      ...layerOf('gone'),
      origins: [{ registry: 'registry.example', repository: 'base' }],
      open: () => failing(),
    };
    await using sink = await openLayoutSink(join(temporaryDirectory(t), 'out'), 'one', ctx);
    const error = await failureOf(putImage({ ...IMAGE, layers: [gone] }, sink, ctx));
    assert.equal(error.code, 'BLOB_NOT_FOUND');
    assert.equal(error.details['reading'], `layer ${gone.descriptor.digest} from registry.example/base`);
  });

  it('stops at once when the signal aborts, with the signal’s reason', async (t) => {
    const controller = new AbortController();
    const ctx = testContext(t, { signal: controller.signal });
    const directory = join(temporaryDirectory(t), 'out');
    const sink = await openLayoutSink(directory, 'one', ctx);
    const endless: Layer = { ...layerOf('x'), open: (signal) => until(controller, signal) };
    await assert.rejects(putImage({ ...IMAGE, layers: [endless] }, sink, ctx), { message: 'enough' });
    await sink[Symbol.asyncDispose]();
    await assert.rejects(openLayout(directory).list(testContext(t)), { code: 'IMAGE_NOT_FOUND' });
  });
});

describe('eachBounded', () => {
  it('never runs more than the limit, and all of them', async (t) => {
    const [done, counts] = [new Set<number>(), { now: 0, most: 0 }];
    await eachBounded([1, 2, 3, 4, 5, 6, 7], 3, testContext(t), async (item) => {
      counts.now += 1;
      counts.most = Math.max(counts.most, counts.now);
      await new Promise((resolve) => setImmediate(resolve));
      counts.now -= 1;
      done.add(item);
    });
    assert.deepEqual([done.size, counts.most, counts.now], [7, 3, 0]);
  });

  it('throws the first failure after the running ones have ended', async (t) => {
    const ended: number[] = [];
    const task = async (item: number, { signal }: { readonly signal: AbortSignal }): Promise<void> => {
      if (item === 2) throw new Error('second');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      ended.push(item);
    };
    await assert.rejects(eachBounded([1, 2, 3, 4], 2, testContext(t), task), { message: 'second' });
    assert.deepEqual(ended, [1]);
  });
});

describe('the memory store', () => {
  it('is a store like the others', async (t) => {
    const ctx = testContext(t);
    const store = new MemoryStore();
    const sink = store.openSink('app', 'latest');
    await putImage(IMAGE, sink, ctx, { names: [undefined, '2'] });
    await assert.rejects(store.repository('app').resolve('latest', ctx), { code: 'IMAGE_NOT_FOUND' });
    assert.deepEqual(await sink.commit(ctx), { blobsWritten: 7, blobsTotal: 7 });
    const source = store.repository('app');
    assert.deepEqual(await validateStore(source, ctx), []);
    await assert.rejects(source.resolve(undefined, ctx), { code: 'IMAGE_AMBIGUOUS' });
    const wrong = { ...blobOf(Buffer.from('x'), ''), open: () => streamOf(Buffer.from('y')) };
    await assert.rejects(sink.put(wrong, ctx), { code: 'CONTENT_MISMATCH' });
  });
});

/** A sink that notes what it is given and reads nothing. */
function recording(order: string[]): ImageSink {
  const manifests = new Set<Digest>();
  return {
    description: 'recording',
    has: () => Promise.resolve(false),
    put: () => Promise.resolve(order.push('blob')).then(() => 'written'),
    putManifest: (manifest) => {
      manifests.add(manifest.descriptor.digest);
      order.push('manifest');
      return Promise.resolve();
    },
    tag: (name, descriptor) => {
      assert.ok(manifests.has(descriptor.digest));
      order.push(`tag ${String(name)}`);
    },
    commit: () => Promise.resolve({ blobsWritten: 0, blobsTotal: 0 }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function* failing(): AsyncIterable<Uint8Array> {
  yield* streamOf(Buffer.from('some'));
  throw new SlipwayError('BLOB_NOT_FOUND', 'gone');
}

async function* until(controller: AbortController, signal?: AbortSignal): AsyncIterable<Uint8Array> {
  yield* streamOf(Buffer.from('x'));
  controller.abort(new Error('enough'));
  signal?.throwIfAborted();
  assert.fail('the signal was not passed on');
}
