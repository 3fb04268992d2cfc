import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { collect } from '../../../src/core/bytes.ts';
import { hexOf, parseDigest } from '../../../src/oci/digest.ts';
import { parseLocation } from '../../../src/oci/location.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { copyImage, putImage, type AssembledImage } from '../../../src/store/copy.ts';
import { openLayout } from '../../../src/store/layout/layout-source.ts';
import { openLayoutSink } from '../../../src/store/layout/layout-sink.ts';
import { selectImage } from '../../../src/store/select.ts';
import { validateStore } from '../../../src/store/validate.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../../support/context.ts';
import { entryOf, fill, imageOf, indexOf } from '../../support/images.ts';

const AMD64 = imageOf('linux/amd64');
const ARM64 = imageOf('linux/arm64');
const FIXTURES = 'testdata/golden/fixtures/base';

async function save(directory: string, name: string, image: AssembledImage, ctx: TestContextOf): Promise<void> {
  await using sink = await openLayoutSink(directory, name, ctx);
  await putImage(image, sink, ctx);
  await sink.commit(ctx);
}

function indexText(directory: string): string {
  return readFileSync(join(directory, 'index.json'), 'utf8');
}

function newLayout(t: TestContext): { readonly ctx: TestContextOf; readonly directory: string } {
  return { ctx: testContext(t), directory: join(temporaryDirectory(t), 'out') };
}

describe('an OCI layout', () => {
  it('is written as the specification says, and reads back', async (t) => {
    const { ctx, directory } = newLayout(t);
    await save(directory, 'my/app:1', AMD64, ctx);
    assert.equal(readFileSync(join(directory, 'oci-layout'), 'utf8'), '{"imageLayoutVersion":"1.0.0"}');
    assert.deepEqual(JSON.parse(indexText(directory)), {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          size: AMD64.manifest.bytes.byteLength,
          digest: AMD64.manifest.descriptor.digest,
          annotations: {
            'io.containerd.image.name': 'docker.io/my/app:1',
            'org.opencontainers.image.ref.name': 'my/app:1',
          },
          platform: { architecture: 'amd64', os: 'linux' },
        },
      ],
    });
    const source = openLayout(directory);
    assert.deepEqual((await source.resolve('my/app:1', ctx)).bytes, AMD64.manifest.bytes);
    assert.deepEqual(await validateStore(source, ctx), []);
  });

  it('has files 0644 and directories 0755, and nothing temporary', async (t) => {
    const { ctx, directory } = newLayout(t);
    const mask = process.umask(0o022);
    t.after(() => process.umask(mask));
    await save(directory, 'latest', AMD64, ctx);
    const modes = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => {
      const found = statSync(join(directory, name));
      assert.equal(found.mode & 0o777, found.isDirectory() ? 0o755 : 0o644, name);
      return name;
    });
    assert.deepEqual(
      modes.filter((name) => name.includes('.tmp') || name.includes('lock')),
      [],
    );
  });

  it('keeps other images, with the fields and annotations it does not know, in their order', async (t) => {
    const { ctx, directory } = newLayout(t);
    await save(directory, 'one', AMD64, ctx);
    const document = JSON.parse(indexText(directory)) as {
      manifests: Record<string, unknown>[];
      [key: string]: unknown;
    };
    document['x-top'] = { kept: [1, null] };
    document.manifests[0]!['x-entry'] = 'kept';
    document.manifests.push({ ...document.manifests[0]!, annotations: { 'x-only': 'nameless' } });
    writeFileSync(join(directory, 'index.json'), JSON.stringify(document));
    await save(directory, 'two', ARM64, ctx);
    await save(directory, 'two', AMD64, ctx);
    const after = JSON.parse(indexText(directory)) as typeof document;
    assert.deepEqual(after['x-top'], document['x-top']);
    assert.deepEqual(after.manifests.slice(0, 2), document.manifests);
    assert.equal(after.manifests.length, 3);
    assert.equal(after.manifests[2]!['digest'], AMD64.manifest.descriptor.digest);
  });

  it('replaces the entry of the same name in its place', async (t) => {
    const { ctx, directory } = newLayout(t);
    await save(directory, 'one', AMD64, ctx);
    await save(directory, 'two', AMD64, ctx);
    await save(directory, 'one', ARM64, ctx);
    const entries = await openLayout(directory).list(ctx);
    assert.deepEqual(
      entries.map((entry) => [entry.name, entry.descriptor.digest]),
      [
        ['one', ARM64.manifest.descriptor.digest],
        ['two', AMD64.manifest.descriptor.digest],
      ],
    );
  });

  it('shows nothing before commit, and is as it was when the sink is dropped', async (t) => {
    const { ctx, directory } = newLayout(t);
    await save(directory, 'one', AMD64, ctx);
    const before = indexText(directory);
    const sink = await openLayoutSink(directory, 'one', ctx);
    await putImage(ARM64, sink, ctx);
    assert.equal(indexText(directory), before);
    await sink[Symbol.asyncDispose]();
    assert.equal(indexText(directory), before);
    assert.deepEqual(await validateStore(openLayout(directory), ctx), []);
  });

  it('leaves no directory behind when nothing was written', async (t) => {
    const { ctx, directory } = newLayout(t);
    const sink = await openLayoutSink(join(directory, 'deep', 'er'), 'one', ctx);
    await sink[Symbol.asyncDispose]();
    assert.equal(existsSync(directory), false);
  });

  it('counts what was written and what was there', async (t) => {
    const { ctx, directory } = newLayout(t);
    await save(directory, 'one', AMD64, ctx);
    await using sink = await openLayoutSink(directory, 'two', ctx);
    await putImage(AMD64, sink, ctx);
    assert.deepEqual(await sink.commit(ctx), { blobsWritten: 0, blobsTotal: 3 });
  });

  it('hands out staging, so that a new layer is written once', async (t) => {
    const { ctx, directory } = newLayout(t);
    await using sink = await openLayoutSink(directory, 'one', ctx);
    const [layer] = AMD64.layers;
    assert.ok(layer !== undefined);
    const staged = sink.staging.begin();
    for await (const chunk of layer.open()) staged.write(chunk);
    const blob = await staged.commit(layer.descriptor);
    staged.abort();
    assert.equal(await sink.put(blob, ctx), 'existed');
    await putImage({ ...AMD64, layers: [{ ...layer, open: blob.open }] }, sink, ctx);
    assert.deepEqual(await sink.commit(ctx), { blobsWritten: 3, blobsTotal: 3 });
  });
});

describe('reading a layout', () => {
  it('without name: the only image, under however many names', async (t) => {
    const { ctx, directory } = newLayout(t);
    await save(directory, 'one', AMD64, ctx);
    await save(directory, 'two', AMD64, ctx);
    const { descriptor } = await openLayout(directory).resolve(undefined, ctx);
    assert.equal(descriptor.digest, AMD64.manifest.descriptor.digest);
  });

  it('without name and with several images: an error that lists them', async (t) => {
    const { ctx, directory } = newLayout(t);
    await save(directory, 'two', ARM64, ctx);
    await save(directory, 'one', AMD64, ctx);
    await assert.rejects(openLayout(directory).resolve(undefined, ctx), {
      code: 'IMAGE_AMBIGUOUS',
      message: `oci:${directory} holds 2 images`,
      details: { images: 'one (linux/amd64), two (linux/arm64)' },
    });
  });

  it('by a short name for a full one', async (t) => {
    const { ctx, directory } = newLayout(t);
    await save(directory, 'docker.io/library/app:latest', AMD64, ctx);
    for (const name of ['docker.io/library/app:latest', 'app:latest', 'docker.io/library/app'])
      assert.equal(
        (await openLayout(directory).resolve(name, ctx)).descriptor.digest,
        AMD64.manifest.descriptor.digest,
      );
  });

  it('by digest, listed or not', async (t) => {
    const { ctx, directory } = newLayout(t);
    const index = indexOf([entryOf(AMD64), entryOf(ARM64)]);
    await using sink = await openLayoutSink(directory, 'both', ctx);
    await fill(sink, [AMD64, ARM64], ctx, [index]);
    await sink.commit(ctx);
    const child = await openLayout(directory).resolve(ARM64.manifest.descriptor.digest, ctx);
    assert.deepEqual(child.descriptor, ARM64.manifest.descriptor);
    const none = parseDigest(`sha256:${'0'.repeat(64)}`);
    await assert.rejects(openLayout(directory).resolve(none, ctx), { code: 'IMAGE_NOT_FOUND' });
  });

  it('several entries without names are one image for several platforms (A-37, GAP-2)', async (t) => {
    const ctx = testContext(t);
    const directory = `${FIXTURES}/run-v1-flat`;
    for (const [target, digest] of [
      ['linux/amd64', 'sha256:092667d145d743cf2377c69d8b1359ac6f59ebf616814b6c929a53322ff5a6f3'],
      ['linux/arm64', 'sha256:06b862f3adac5631da1496c33da26aea9834fedce00c8ca7e658337d76074bf8'],
    ] as const) {
      const image = await selectImage(openLayout(directory), parseLocation(`oci:${directory}`), ctx, {
        role: 'run image',
        hostArchitecture: 'amd64',
        target: parsePlatform(target),
      });
      assert.equal(image.manifestDigest, digest);
      assert.deepEqual(image.pinned, { kind: 'oci', dir: directory, digest });
    }
  });

  it('the recorded run images are sound', async (t) => {
    const ctx = testContext(t);
    for (const name of ['run-single', 'run-v1', 'run-v1-flat', 'run-v2', 'run-arm64-only'])
      assert.deepEqual(await validateStore(openLayout(join(FIXTURES, name)), ctx), [], name);
  });

  it('a missing layout, name or blob is named', async (t) => {
    const { ctx, directory } = newLayout(t);
    await assert.rejects(openLayout(directory).resolve('one', ctx), {
      code: 'IMAGE_NOT_FOUND',
      message: `there is no OCI layout in ${directory}`,
    });
    await save(directory, 'one', AMD64, ctx);
    await assert.rejects(openLayout(directory).resolve('two', ctx), {
      code: 'IMAGE_NOT_FOUND',
      message: `there is no image "two" in oci:${directory}`,
      details: { images: 'one (linux/amd64)' },
    });
  });

  it('a corrupted blob is named by its path, whether cut or changed', async (t) => {
    const { ctx, directory } = newLayout(t);
    await save(directory, 'one', AMD64, ctx);
    const [layer] = AMD64.layers;
    assert.ok(layer !== undefined);
    const path = join(directory, 'blobs', 'sha256', hexOf(layer.descriptor.digest));
    const bytes = readFileSync(path);
    for (const wrong of [bytes.subarray(1), Buffer.concat([bytes.subarray(1), bytes.subarray(0, 1)])]) {
      writeFileSync(path, wrong);
      const reading = collect(openLayout(directory).open(layer.descriptor, ctx), 1 << 20, 'layer');
      await assert.rejects(reading, (error: { code: string; message: string }) => {
        assert.equal(error.code, 'CONTENT_MISMATCH');
        assert.ok(error.message.startsWith(path), error.message);
        return true;
      });
    }
    const problems = await validateStore(openLayout(directory), ctx);
    assert.deepEqual(
      problems.map((problem) => problem.subject),
      [`layer ${layer.descriptor.digest}`],
    );
  });

  it('a blob of the wrong size is written again, one of the right size is not read', async (t) => {
    const { ctx, directory } = newLayout(t);
    await save(directory, 'one', AMD64, ctx);
    const [layer] = AMD64.layers;
    assert.ok(layer !== undefined);
    writeFileSync(join(directory, 'blobs', 'sha256', hexOf(layer.descriptor.digest)), 'cut');
    await using sink = await openLayoutSink(directory, 'one', ctx);
    assert.equal(await sink.put(layer, ctx), 'written');
    const unread = { ...layer, open: () => assert.fail('was read') };
    assert.equal(await sink.put(unread, ctx), 'existed');
    assert.deepEqual(await validateStore(openLayout(directory), ctx), []);
  });

  for (const [what, index, pattern] of [
    ['text that is not JSON', '{"manifests":[', /is not JSON/],
    ['a manifest without digest', '{"manifests":[{"size":1}]}', /manifests\[0\]\.digest: is missing/],
    ['a digest in capitals', `{"manifests":[{"size":1,"digest":"sha256:${'A'.repeat(64)}"}]}`, /is not a digest/],
  ] as const) {
    it(`index.json with ${what} is refused, and never overwritten`, async (t) => {
      const { ctx, directory } = newLayout(t);
      mkdirSync(directory);
      writeFileSync(join(directory, 'index.json'), index);
      const expected = { code: 'STORE_INVALID', message: pattern };
      await assert.rejects(openLayout(directory).list(ctx), expected);
      await assert.rejects(save(directory, 'one', AMD64, ctx), expected);
      assert.equal(indexText(directory), index);
    });
  }

  it('another layout version is refused', async (t) => {
    const { ctx, directory } = newLayout(t);
    mkdirSync(directory);
    writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
    await assert.rejects(openLayout(directory).list(ctx), { code: 'STORE_INVALID', message: /version "2\.0\.0"/ });
  });

  it('a file is no layout, for reading and for writing', async (t) => {
    const { ctx, directory } = newLayout(t);
    writeFileSync(directory, '');
    await assert.rejects(openLayout(directory).list(ctx), { code: 'STORE_INVALID', message: /is a file/ });
    await assert.rejects(openLayoutSink(directory, 'one', ctx), {
      code: 'WRITE_FAILED',
      message: `cannot write the layout ${directory}: it is a file`,
    });
  });
});

describe('copying between layouts', () => {
  it('takes an index with all its children, bytes unchanged', async (t) => {
    const ctx = testContext(t);
    const directory = join(temporaryDirectory(t), 'copy');
    await using sink = await openLayoutSink(directory, 'v1', ctx);
    const copied = await copyImage({ source: openLayout(`${FIXTURES}/run-v1`), name: undefined }, sink, ctx);
    await sink.commit(ctx);
    const source = openLayout(directory);
    assert.equal((await source.resolve('v1', ctx)).descriptor.digest, copied.digest);
    assert.deepEqual(
      readdirSync(join(directory, 'blobs', 'sha256')).sort(),
      readdirSync(`${FIXTURES}/run-v1/blobs/sha256`).sort(),
    );
    assert.deepEqual(await validateStore(source, ctx), []);
  });
});
