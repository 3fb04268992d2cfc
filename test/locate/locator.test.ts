import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Locator } from '../../src/locate/locator.ts';
import { displayLocation, parseLocation } from '../../src/oci/location.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import { parseReference } from '../../src/oci/reference.ts';
import { canList } from '../../src/ports/store.ts';
import { putImage, type AssembledImage } from '../../src/store/copy.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../support/context.ts';
import { locatorOf } from '../support/locator.ts';
import { entryOf, fill, imageOf, indexOf } from '../support/images.ts';
import { startRegistry } from '../support/registry.ts';

const AMD64 = imageOf('linux/amd64', { layers: ['one', 'two'] });
const ARM64 = imageOf('linux/arm64');

async function save(
  locator: Locator,
  location: string | { readonly location: string; readonly imageName: string | undefined },
  image: AssembledImage,
  ctx: TestContextOf,
): Promise<void> {
  const to = typeof location === 'string' ? { location, imageName: undefined } : location;
  const options = to.imageName === undefined ? {} : { imageName: parseReference(to.imageName) };
  await using sink = await locator.openSink(parseLocation(to.location), ctx, options);
  await putImage(image, sink, ctx);
  await sink.commit(ctx);
}

describe('the locator', () => {
  it('registry, layout and archive outputs of one image have one manifest digest', async (t) => {
    const ctx = testContext(t);
    const { name } = await startRegistry(t);
    const directory = temporaryDirectory(t);
    const locator = locatorOf(t);
    const places = [
      `${name}/team/app:1`,
      `oci:${directory}/layout:1`,
      `oci-archive:${directory}/app.oci.tar:1`,
      `docker-archive:${directory}/app.tar:team/app:1`,
    ];
    for (const place of places) {
      await save(locator, place, AMD64, ctx);
      const image = await locator.find(parseLocation(place), 'previous image', ctx);
      assert.equal(image.manifestDigest, AMD64.manifest.descriptor.digest, place);
      const pinned = await locator.find(image.pinned, 'run image', ctx);
      assert.equal(pinned.manifestDigest, image.manifestDigest, displayLocation(image.pinned));
    }
  });

  it('a base layer goes from a registry to a layout, and is mounted in the same registry', async (t) => {
    const ctx = testContext(t);
    const { name, requests } = await startRegistry(t);
    const locator = locatorOf(t);
    await save(locator, `${name}/base:1`, AMD64, ctx);
    const base = await locator.find(parseLocation(`${name}/base:1`), 'run image', ctx);
    await save(locator, `oci:${temporaryDirectory(t)}/out`, { ...AMD64, layers: base.layers }, ctx);
    requests.length = 0;
    await save(locator, `${name}/app:1`, { ...AMD64, layers: base.layers }, ctx);
    const blobReads = requests.filter(({ method, path }) => method === 'GET' && path.includes('/base/blobs/'));
    assert.deepEqual(blobReads, []);
  });

  it('an index in a registry is resolved for the target, and a missing platform says what is offered', async (t) => {
    const ctx = testContext(t);
    const { name } = await startRegistry(t);
    const locator = locatorOf(t);
    const location = parseLocation(`${name}/base/run:v1`);
    await using sink = await locator.openSink(location, ctx);
    const inner = indexOf([entryOf(AMD64), entryOf(ARM64)]);
    await fill(sink, [AMD64, ARM64], ctx, [inner, indexOf([inner.descriptor])]);
    await sink.commit(ctx);
    const image = await locator.find(location, 'run image', ctx, { target: parsePlatform('linux/arm64') });
    assert.equal(displayLocation(image.pinned), `${name}/base/run@${ARM64.manifest.descriptor.digest}`);
    await assert.rejects(locator.find(location, 'run image', ctx, { target: parsePlatform('linux/s390x') }), {
      code: 'PLATFORM_NOT_FOUND',
      message: `no linux/s390x image in run image ${name}/base/run:v1`,
    });
  });

  it('an error says as what the image was wanted', async (t) => {
    const ctx = testContext(t);
    const { name } = await startRegistry(t);
    const locator = locatorOf(t);
    const directory = temporaryDirectory(t);
    for (const place of [`${name}/none:1`, `oci:${directory}/none`, `docker-archive:${directory}/none.tar`]) {
      await assert.rejects(locator.find(parseLocation(place), 'run image', ctx), (error: Error & { code: string }) => {
        assert.equal(error.code, 'IMAGE_NOT_FOUND');
        assert.match(error.message, /run image/);
        return true;
      });
    }
  });

  it('docker-daemon: is refused with the way round', async (t) => {
    const ctx = testContext(t);
    const locator = locatorOf(t);
    const location = parseLocation('docker-daemon:app:1');
    const expected = { code: 'NOT_SUPPORTED', hint: { kind: 'text', text: /docker-archive:/ } };
    for (const task of [
      locator.find(location, 'image', ctx),
      locator.openSink(location, ctx),
      locator.checkRead(location, ctx),
      locator.checkWrite(location, ctx),
    ])
      await assert.rejects(task, (error: { code: string; hint: { text: string } }) => {
        assert.equal(error.code, expected.code);
        assert.match(error.hint.text, expected.hint.text);
        return true;
      });
  });

  it('a digest cannot be written to', async (t) => {
    const ctx = testContext(t);
    const locator = locatorOf(t);
    const location = parseLocation(`oci:out@sha256:${'a'.repeat(64)}`);
    await assert.rejects(locator.openSink(location, ctx), { code: 'ARGUMENT_INVALID' });
    await assert.rejects(locator.checkWrite(location, ctx), { code: 'ARGUMENT_INVALID' });
  });

  for (const [location, imageName, names] of [
    ['oci:DIR', undefined, ['latest']],
    ['oci:DIR', 'app', ['app']],
    ['oci:DIR', 'docker.io/library/app:1', ['app:1']],
    ['oci:DIR', 'registry.example:5000/team/app', ['registry.example:5000/team/app']],
    ['oci:DIR:1.0', 'app', ['1.0']],
    ['oci-archive:DIR/a.tar', 'app:1', ['1']],
    ['docker-archive:DIR/a.tar', 'app:1', ['1']],
    ['docker-archive:DIR/a.tar:web', 'app:1', ['web']],
  ] as const) {
    it(`${location} for ${imageName ?? 'no image name'} is called ${names.join()}`, async (t) => {
      const ctx = testContext(t);
      const locator = locatorOf(t);
      const place = location.replace('DIR', temporaryDirectory(t));
      await save(locator, { location: place, imageName }, AMD64, ctx);
      const source = await locator.openSource(parseLocation(place), ctx);
      assert.ok(canList(source));
      const entries = await source.list(ctx);
      assert.deepEqual(
        entries.map((entry) => entry.name),
        names,
      );
      if (imageName !== undefined && !location.includes('1.0') && !location.endsWith('web'))
        assert.equal((await source.resolve(imageName, ctx)).descriptor.digest, AMD64.manifest.descriptor.digest);
    });
  }

  it('checks before any work whether a place can be written, and makes nothing', async (t) => {
    const ctx = testContext(t);
    const locator = locatorOf(t);
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, 'file'), '');
    mkdirSync(join(directory, 'dir'));
    const check = (text: string): Promise<void> => locator.checkWrite(parseLocation(text), ctx);
    await check(`oci:${directory}/new/er`);
    await check(`docker-archive:${directory}/new/app.tar`);
    assert.equal(existsSync(join(directory, 'new')), false);
    for (const wrong of [
      `oci:${directory}/file`,
      `oci:${directory}/file/below`,
      `oci-archive:${directory}/dir`,
      `docker-archive:${directory}/file/app.tar`,
    ])
      await assert.rejects(check(wrong), { code: 'WRITE_FAILED' }, wrong);
  });

  it('absence is no reason against reading', async (t) => {
    const ctx = testContext(t);
    const { name } = await startRegistry(t);
    const locator = locatorOf(t);
    const directory = temporaryDirectory(t);
    for (const place of [`${name}/none:1`, `oci:${directory}/none`, `oci-archive:${directory}/none.tar`])
      await locator.checkRead(parseLocation(place), ctx);
  });

  it('knows which images share a store', (t) => {
    const locator = locatorOf(t);
    const same = (a: string, b: string): boolean => locator.sameRegistry(parseLocation(a), parseLocation(b));
    assert.ok(same('registry.example/app', 'registry.example/web:1'));
    assert.ok(same('app', 'docker.io/team/web'));
    assert.ok(!same('registry.example/app', 'registry.example:5000/app'));
    assert.ok(same('oci:out:a', 'oci:./out:b'));
    assert.ok(!same('oci:out:a', 'oci:other:a'));
    assert.ok(!same('oci:out', 'out/out'));
  });

  it('an archive is opened once, and closed with the locator', async (t) => {
    const ctx = testContext(t);
    const file = join(temporaryDirectory(t), 'app.tar');
    const locator = locatorOf(t);
    await save(locator, `docker-archive:${file}:app:1`, AMD64, ctx);
    const first = await locator.openSource(parseLocation(`docker-archive:${file}`), ctx);
    const second = await locator.openSource(parseLocation(`oci-archive:${file}:app:1`), ctx);
    assert.equal(first, second);
    await locator[Symbol.asyncDispose]();
    await assert.rejects(first.resolve('app:1', ctx));
  });
});
