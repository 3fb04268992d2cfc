import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseLocation } from '../../src/oci/location.ts';
import { imageManifest } from '../../src/tools/manifest.ts';
import { listImages } from '../../src/tools/list.ts';
import { removeImages } from '../../src/tools/remove.ts';
import { tagImage } from '../../src/tools/tag.ts';
import { locatorOf } from '../support/locator.ts';
import { startRegistry } from '../support/registry.ts';
import { AMD64, INDEX, save, saveIndex, toolScene, type ToolScene } from '../support/tool-scene.ts';

async function names({ stores, ctx }: ToolScene, location: string): Promise<readonly (string | undefined)[]> {
  return (await listImages(parseLocation(location), stores, ctx)).map(({ name }) => name);
}

describe('tagging an image', () => {
  it('puts its manifest again under each tag and moves no blob', async (t) => {
    const scene = await toolScene(t);
    const { stores, ctx, host, registry } = scene;
    await saveIndex(scene, `${host}/app:1.4`);
    registry.requests.length = 0;
    const tagged = await tagImage(parseLocation(`${host}/app:1.4`), ['1', 'latest'], stores, ctx);
    assert.deepEqual(tagged, { digest: INDEX.descriptor.digest, names: ['1', 'latest'] });
    assert.equal(
      registry.requests.some(({ path }) => path.includes('/blobs/')),
      false,
    );
    assert.deepEqual(await names(scene, `${host}/app`), ['1', '1.4', 'latest']);
    const { raw } = await imageManifest(parseLocation(`${host}/app:latest`), stores, ctx);
    assert.deepEqual(Buffer.from(raw.bytes), Buffer.from(INDEX.bytes));
  });

  it('a layout gets another entry, with the platform that it lists', async (t) => {
    const scene = await toolScene(t);
    const { stores, ctx, directory } = scene;
    const layout = `oci:${directory}/out`;
    await save(scene, `${layout}:1`, { images: [AMD64] });
    await tagImage(parseLocation(`${layout}:1`), ['2', 'acme/app:3'], stores, ctx);
    assert.deepEqual(await names(scene, layout), ['1', '2', 'acme/app:3']);
    assert.match(readFileSync(join(directory, 'out', 'index.json'), 'utf8'), /docker\.io\/acme\/app:3/);
  });

  it('a bad tag is refused before any request, an archive in any case', async (t) => {
    const scene = await toolScene(t);
    const { stores, ctx, host, directory, registry } = scene;
    await assert.rejects(tagImage(parseLocation(`${host}/app`), ['ok', 'a/b:c'], stores, ctx), {
      code: 'REFERENCE_INVALID',
    });
    assert.deepEqual(registry.requests, []);
    const archive = parseLocation(`oci-archive:${directory}/a.tar`);
    await assert.rejects(tagImage(archive, ['x'], stores, ctx), { code: 'NOT_SUPPORTED' });
  });
});

describe('removing images', () => {
  it('a tag goes alone; a manifest goes with all its tags, and only when its digest is written', async (t) => {
    const scene = await toolScene(t);
    const { stores, ctx, host } = scene;
    for (const tag of ['1', '2', '3']) await save(scene, `${host}/app:${tag}`, { images: [AMD64] });
    const { digest } = AMD64.manifest.descriptor;
    const tag = parseLocation(`${host}/app:1`);
    assert.deepEqual(await removeImages([tag], stores, ctx, { isDryRun: true }), [
      { location: tag, kind: 'tag', digest },
    ]);
    assert.deepEqual(await names(scene, `${host}/app`), ['1', '2', '3']);
    await removeImages([tag], stores, ctx);
    assert.deepEqual(await names(scene, `${host}/app`), ['2', '3']);
    await removeImages([parseLocation(`${host}/app@${digest}`)], stores, ctx);
    assert.deepEqual(await names(scene, `${host}/app`), []);
  });

  it('a registry that removes no tags is not asked for the manifest instead; the error says what the tag leads to', async (t) => {
    const scene = await toolScene(t);
    const { digest } = AMD64.manifest.descriptor;
    const registry = await startRegistry(t, {
      intercept: ({ method }) =>
        method === 'DELETE' ? { kind: 'answer', status: 405, body: '{"errors":[{"code":"UNSUPPORTED"}]}' } : undefined,
    });
    await save(scene, `${registry.name}/app:1`, { images: [AMD64] });
    registry.requests.length = 0;
    await assert.rejects(removeImages([parseLocation(`${registry.name}/app:1`)], locatorOf(t), scene.ctx), (error) => {
      assert.ok(error instanceof Error && 'code' in error && 'details' in error);
      assert.equal(error.code, 'NOT_SUPPORTED');
      assert.match(JSON.stringify(error.details), new RegExp(digest));
      return true;
    });
    const deletes = registry.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
    assert.deepEqual([...new Set(deletes)], ['/v2/app/manifests/1']);
  });

  it('a layout loses the entry and keeps its blobs', async (t) => {
    const scene = await toolScene(t);
    const { stores, ctx, directory } = scene;
    const layout = `oci:${directory}/out`;
    for (const name of ['1', '2']) await save(scene, `${layout}:${name}`, { images: [AMD64] });
    const blobs = readdirSync(join(directory, 'out', 'blobs', 'sha256'));
    await removeImages([parseLocation(`${layout}:1`)], stores, ctx);
    assert.deepEqual(await names(scene, layout), ['2']);
    assert.deepEqual(readdirSync(join(directory, 'out', 'blobs', 'sha256')), blobs);
  });

  it('nothing goes when one of several is missing, names nothing, says two things or is an archive', async (t) => {
    const scene = await toolScene(t);
    const { stores, ctx, directory } = scene;
    const layout = `oci:${directory}/out`;
    await save(scene, `${layout}:1`, { images: [AMD64] });
    await save(scene, `oci-archive:${directory}/a.tar:1`, { images: [AMD64] });
    for (const [text, code] of [
      [`${layout}:none`, 'IMAGE_NOT_FOUND'],
      [layout, 'ARGUMENT_INVALID'],
      [`${layout}:1@${AMD64.manifest.descriptor.digest}`, 'ARGUMENT_INVALID'],
      [`oci-archive:${directory}/a.tar:1`, 'NOT_SUPPORTED'],
    ] as const)
      await assert.rejects(removeImages([`${layout}:1`, text].map(parseLocation), stores, ctx), { code }, text);
    assert.deepEqual(await names(scene, layout), ['1']);
  });
});
