import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { collect } from '../../../src/core/bytes.ts';
import { streamOf } from '../../../src/core/bytes.ts';
import { hexOf, type Digest } from '../../../src/oci/digest.ts';
import { parseLocation } from '../../../src/oci/location.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import type { ImageSource, Lister } from '../../../src/ports/store.ts';
import { openArchive } from '../../../src/store/archive/archive-source.ts';
import { openArchiveSink, type ArchiveSinkOptions } from '../../../src/store/archive/archive-sink.ts';
import { putImage, type AssembledImage } from '../../../src/store/copy.ts';
import { selectImage } from '../../../src/store/select.ts';
import { validateStore } from '../../../src/store/validate.ts';
import { encodeHeader, END_OF_ARCHIVE } from '../../../src/tar/header.ts';
import { readTar } from '../../../src/tar/reader.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../../support/context.ts';
import { entryOf, fill, imageOf, indexOf, layerOf, tarOf } from '../../support/images.ts';

const IMAGE = imageOf('linux/amd64', { layers: ['one', 'two'] });
const NAMED: ArchiveSinkOptions = { format: 'docker', names: ['docker.io/library/app:1'], refName: '1' };

async function save(
  file: string,
  image: AssembledImage,
  ctx: TestContextOf,
  options: ArchiveSinkOptions = NAMED,
): Promise<number> {
  await using sink = await openArchiveSink(file, ctx, options);
  await putImage(image, sink, ctx);
  return (await sink.commit(ctx)).bytes ?? 0;
}

async function opened(t: TestContext, file: string, ctx: TestContextOf): Promise<ImageSource & Lister> {
  const source = await openArchive(file, ctx);
  t.after(() => source[Symbol.asyncDispose]());
  return source;
}

async function namesIn(file: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const entry of readTar(streamOf(readFileSync(file)), file))
    names.push(Buffer.from(entry.header.name).toString());
  return names;
}

async function textIn(file: string, name: string): Promise<string> {
  for await (const entry of readTar(streamOf(readFileSync(file)), file)) {
    if (Buffer.from(entry.header.name).toString() === name)
      return (await collect(entry.body, 1 << 20, name)).toString();
  }
  return assert.fail(`no ${name}`);
}

const blobName = (digest: Digest): string => `blobs/sha256/${hexOf(digest)}`;

describe('an archive', () => {
  it('is a layout and a docker archive over the same blobs, what readers need first in front', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'app.tar');
    const bytes = await save(file, IMAGE, ctx);
    assert.equal(bytes, readFileSync(file).byteLength);
    const digests = [
      IMAGE.manifest.descriptor,
      IMAGE.config.descriptor,
      ...IMAGE.layers.map((layer) => layer.descriptor),
    ];
    assert.deepEqual(await namesIn(file), [
      'oci-layout',
      'index.json',
      'manifest.json',
      'blobs',
      'blobs/sha256',
      ...digests.map(({ digest }) => blobName(digest)).sort(),
    ]);
    assert.deepEqual(JSON.parse(await textIn(file, 'manifest.json')), [
      {
        Config: blobName(IMAGE.config.descriptor.digest),
        RepoTags: ['docker.io/library/app:1'],
        Layers: IMAGE.layers.map(({ descriptor }) => blobName(descriptor.digest)),
      },
    ]);
    const index = JSON.parse(await textIn(file, 'index.json')) as { manifests: { annotations: object }[] };
    assert.deepEqual(index.manifests[0]?.annotations, {
      'io.containerd.image.name': 'docker.io/library/app:1',
      'org.opencontainers.image.ref.name': '1',
    });
  });

  it('reads back by any of its names, and is sound', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'app.tar');
    await save(file, IMAGE, ctx);
    const source = await opened(t, file, ctx);
    for (const name of [undefined, '1', 'docker.io/library/app:1', 'app:1', IMAGE.manifest.descriptor.digest])
      assert.deepEqual((await source.resolve(name, ctx)).bytes, IMAGE.manifest.bytes, String(name));
    await assert.rejects(source.resolve('app:2', ctx), { code: 'IMAGE_NOT_FOUND' });
    assert.deepEqual(await validateStore(source, ctx), []);
  });

  it('is the same bytes for the same image', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    await save(join(directory, 'a.tar'), IMAGE, ctx);
    await save(join(directory, 'b.tar'), { ...IMAGE, layers: IMAGE.layers.toReversed() }, ctx);
    assert.ok(readFileSync(join(directory, 'a.tar')).equals(readFileSync(join(directory, 'b.tar'))));
  });

  it('oci-archive has no manifest.json', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'app.tar');
    await save(file, IMAGE, ctx, { format: 'oci', names: [], refName: 'latest' });
    assert.equal((await namesIn(file)).includes('manifest.json'), false);
    assert.deepEqual(
      (await (await opened(t, file, ctx)).list(ctx)).map(({ name }) => name),
      ['latest'],
    );
  });

  it('stays readable until the new one replaces it, also for who has it open', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'app.tar');
    await save(file, IMAGE, ctx);
    const old = readFileSync(file);
    const source = await opened(t, file, ctx);
    const other = imageOf('linux/arm64');
    await using sink = await openArchiveSink(file, ctx, NAMED);
    await putImage(other, sink, ctx);
    assert.ok(readFileSync(file).equals(old));
    await sink.commit(ctx);
    assert.deepEqual(await validateStore(source, ctx), []);
    const reopened = await opened(t, file, ctx);
    assert.equal((await reopened.resolve(undefined, ctx)).descriptor.digest, other.manifest.descriptor.digest);
    assert.deepEqual(readdirSync(join(file, '..')), ['app.tar']);
  });

  it('a base layer is taken from the very archive that is replaced', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'app.tar');
    await save(file, IMAGE, ctx);
    const source = await opened(t, file, ctx);
    const base = await selectImage(source, parseLocation(`docker-archive:${file}`), ctx, {
      role: 'run image',
      hostArchitecture: 'amd64',
    });
    await save(file, { ...IMAGE, layers: base.layers }, ctx);
    assert.deepEqual(await validateStore(await opened(t, file, ctx), ctx), []);
  });

  it('dropping the sink leaves the old archive and nothing else', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'app.tar');
    await save(file, IMAGE, ctx);
    const sink = await openArchiveSink(file, ctx, NAMED);
    await putImage(imageOf('linux/arm64'), sink, ctx);
    await sink[Symbol.asyncDispose]();
    assert.deepEqual(readdirSync(join(file, '..')), ['app.tar']);
    assert.deepEqual(readdirSync(ctx.tmp), []);
  });

  it('several platforms: the layout has all, manifest.json the first, and that is said', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'app.tar');
    const arm64 = imageOf('linux/arm64');
    await using sink = await openArchiveSink(file, ctx, NAMED);
    await fill(sink, [IMAGE, arm64], ctx, [indexOf([entryOf(IMAGE), entryOf(arm64)])]);
    await sink.commit(ctx);
    assert.match(await textIn(file, 'manifest.json'), new RegExp(hexOf(IMAGE.config.descriptor.digest)));
    assert.ok(ctx.events.some((event) => event.type === 'warning' && event.code === 'ARCHIVE_ONE_PLATFORM'));
    const image = await selectImage(await opened(t, file, ctx), parseLocation(`oci-archive:${file}`), ctx, {
      role: 'image',
      hostArchitecture: 'amd64',
      target: parsePlatform('linux/arm64'),
    });
    assert.equal(image.manifestDigest, arm64.manifest.descriptor.digest);
  });

  it('a directory in its place is refused before anything is written', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    await assert.rejects(openArchiveSink(directory, ctx, NAMED), {
      code: 'WRITE_FAILED',
      message: `cannot write the archive ${directory}: it is a directory`,
    });
  });
});

/** What `docker save` wrote before it wrote OCI layouts. */
function oldDockerSave(names: readonly string[], compression: 'none' | 'gzip' = 'none'): Buffer {
  const layers = ['one', 'two'].map((text) => ({ ...layerOf(text, 'docker', compression), text }));
  const image = imageOf('linux/amd64', { layers: ['one', 'two'], family: 'docker', compression });
  const config = configBytes(image);
  const configName = `${hexOf(image.config.descriptor.digest)}.json`;
  const files: Record<string, Uint8Array> = {};
  for (const layer of layers) {
    files[`${layer.text}/VERSION`] = Buffer.from('1.0');
    files[`${layer.text}/layer.tar`] = layerBytes(layer.text, compression);
  }
  files[configName] = config;
  files['manifest.json'] = Buffer.from(
    JSON.stringify([{ Config: configName, RepoTags: names, Layers: ['one/layer.tar', 'two/layer.tar'] }]),
  );
  return tarOf(files);
}

function layerBytes(text: string, compression: 'none' | 'gzip'): Uint8Array {
  const tar = tarOf({ [`file-${text}`]: Buffer.from(text) });
  return compression === 'gzip' ? gzipSync(tar) : tar;
}

function configBytes(image: AssembledImage): Uint8Array {
  const diffIds = image.layers.map((layer) => layer.diffId);
  return Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: { Env: ['PATH=/bin'] },
      rootfs: { type: 'layers', diff_ids: diffIds },
    }),
  );
}

describe('what docker save wrote before layouts', () => {
  for (const compression of ['none', 'gzip'] as const) {
    it(`is an image, its layers ${compression === 'none' ? 'plain' : 'compressed'}`, async (t) => {
      const ctx = testContext(t);
      const file = join(temporaryDirectory(t), 'saved.tar');
      writeFileSync(file, oldDockerSave(['app:1', 'registry.example/team/app:2'], compression));
      const source = await opened(t, file, ctx);
      const image = await selectImage(source, parseLocation(`docker-archive:${file}:app:1`), ctx, {
        role: 'run image',
        hostArchitecture: 'arm64',
      });
      assert.deepEqual(
        image.layers.map((layer) => layer.diffId),
        IMAGE.layers.map((layer) => layer.diffId),
      );
      assert.equal(
        image.layers[0]?.descriptor.mediaType,
        `application/vnd.docker.image.rootfs.diff.tar${compression === 'gzip' ? '.gzip' : ''}`,
      );
      assert.deepEqual(await validateStore(source, ctx), []);
      assert.deepEqual(
        (await source.list(ctx)).map(({ name }) => name),
        ['docker.io/library/app:1', 'registry.example/team/app:2'],
      );
      const other = await source.resolve('registry.example/team/app:2', ctx);
      assert.equal(other.descriptor.digest, image.manifestDigest);
    });
  }

  it('a layer that is a link to another is followed, inside the archive only', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    const image = imageOf('linux/amd64', { layers: ['one', 'one'], family: 'docker', compression: 'none' });
    const manifest = [{ Config: 'c.json', RepoTags: [], Layers: ['one/layer.tar', 'two/layer.tar'] }];
    const head = tarOf({
      'c.json': configBytes(image),
      'manifest.json': Buffer.from(JSON.stringify(manifest)),
      'one/layer.tar': layerBytes('one', 'none'),
    });
    const withLink = (target: string): Buffer =>
      Buffer.concat([head.subarray(0, -1024), linkHeader('two/layer.tar', target), END_OF_ARCHIVE]);
    for (const target of ['../one/layer.tar', '/one/layer.tar', '../../../one/layer.tar']) {
      const file = join(directory, 'saved.tar');
      writeFileSync(file, withLink(target));
      assert.deepEqual(await validateStore(await opened(t, file, ctx), ctx), []);
    }
    for (const target of ['layer.tar', '/etc/passwd', '../none']) {
      const file = join(directory, 'bad.tar');
      writeFileSync(file, withLink(target));
      await assert.rejects(openArchive(file, ctx), { code: 'STORE_INVALID', message: /lists "two\/layer\.tar"/ });
    }
  });

  it('an archive without manifest.json is refused, with the reason', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'saved.tar');
    writeFileSync(file, tarOf({ repositories: Buffer.from('{}') }));
    await assert.rejects(openArchive(file, ctx), {
      code: 'STORE_INVALID',
      message: /no index\.json and no manifest\.json/,
    });
  });

  it('a layer that is listed and not there is named', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'saved.tar');
    const manifest = JSON.stringify([{ Config: 'c.json', Layers: ['gone/layer.tar', 'two/layer.tar'] }]);
    const config = configBytes(IMAGE);
    writeFileSync(file, tarOf({ 'c.json': config, 'manifest.json': Buffer.from(manifest) }));
    await assert.rejects(openArchive(file, ctx), {
      code: 'STORE_INVALID',
      message: /lists "gone\/layer\.tar", which is not in it/,
    });
  });
});

function linkHeader(name: string, target: string): Uint8Array {
  const owner = { mode: 0o777, uid: 0, gid: 0, size: 0 };
  return encodeHeader({ name: Buffer.from(name), type: 'symlink', linkname: Buffer.from(target), ...owner });
}

describe('reading archives of any kind', () => {
  it('compressed with gzip as a whole', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'app.tar.gz');
    await save(file, IMAGE, ctx);
    writeFileSync(file, gzipSync(readFileSync(file)));
    const source = await opened(t, file, ctx);
    assert.deepEqual(await validateStore(source, ctx), []);
    assert.deepEqual(readdirSync(ctx.tmp), []);
  });

  it('with names that begin with / or ./', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    await save(join(directory, 'app.tar'), IMAGE, ctx);
    const files: Record<string, Uint8Array> = {};
    for await (const entry of readTar(streamOf(readFileSync(join(directory, 'app.tar'))), 'app.tar'))
      files[Buffer.from(entry.header.name).toString()] = await collect(entry.body, 1 << 20, 'entry');
    for (const prefix of ['/', './']) {
      const file = join(directory, 'other.tar');
      writeFileSync(
        file,
        tarOf(Object.fromEntries(Object.entries(files).map(([name, bytes]) => [prefix + name, bytes]))),
      );
      assert.deepEqual(await validateStore(await opened(t, file, ctx), ctx), []);
    }
  });

  it('cut off anywhere: an error, or a name or blob that is missing; never wrong bytes', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'app.tar');
    await save(file, IMAGE, ctx);
    const whole = readFileSync(file);
    for (const length of [0, 1, 511, 512, 1000, 2048, whole.length - 1537, whole.length - 1024, whole.length - 1100]) {
      writeFileSync(file, whole.subarray(0, length));
      await assert.rejects(openArchive(file, ctx), { code: 'ARCHIVE_INVALID' }, `cut at ${String(length)}`);
    }
  });

  it('cut off gzip, and what is no tar', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'app.tar');
    await save(file, IMAGE, ctx);
    const zipped = gzipSync(readFileSync(file));
    writeFileSync(file, zipped.subarray(0, zipped.length - 20));
    await assert.rejects(openArchive(file, ctx), { code: 'ARCHIVE_INVALID', message: /damaged or cut off/ });
    writeFileSync(file, Buffer.alloc(2000, 'text '));
    await assert.rejects(openArchive(file, ctx), { code: 'ARCHIVE_INVALID', message: /it is no tar/ });
    writeFileSync(file, Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]));
    await assert.rejects(openArchive(file, ctx), { code: 'STORE_INVALID', message: /zstd/ });
    assert.deepEqual(readdirSync(ctx.tmp), []);
  });

  it('a changed blob is found when it is read', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'app.tar');
    await save(file, IMAGE, ctx);
    const bytes = readFileSync(file);
    const [layer] = IMAGE.layers;
    assert.ok(layer !== undefined);
    const at = bytes.indexOf((await collect(layer.open(), 1 << 20, 'layer')).subarray(0, 40));
    bytes.writeUInt8(bytes.readUInt8(at + 30) ^ 1, at + 30);
    writeFileSync(file, bytes);
    const source = await opened(t, file, ctx);
    await assert.rejects(collect(source.open(layer.descriptor, ctx), 1 << 20, 'layer'), { code: 'CONTENT_MISMATCH' });
  });

  it('a missing file and a directory are told apart', async (t) => {
    const ctx = testContext(t);
    const directory = temporaryDirectory(t);
    await assert.rejects(openArchive(join(directory, 'none.tar'), ctx), { code: 'IMAGE_NOT_FOUND' });
    mkdirSync(join(directory, 'layout'));
    await assert.rejects(openArchive(join(directory, 'layout'), ctx), {
      code: 'STORE_INVALID',
      message: /is a directory, not an archive/,
    });
  });
});
