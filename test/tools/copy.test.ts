import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SlipwayError } from '../../src/core/errors.ts';
import { parseLocation } from '../../src/oci/location.ts';
import { copyImages, type CopyImagesOptions } from '../../src/tools/copy.ts';
import { imageManifest } from '../../src/tools/manifest.ts';
import { imageReferrers } from '../../src/tools/referrers.ts';
import { listImages } from '../../src/tools/list.ts';
import { validateImages } from '../../src/tools/validate.ts';
import {
  AMD64,
  ARM64,
  artifactOf,
  attach,
  INDEX,
  save,
  saveIndex,
  toolScene,
  type ToolScene,
} from '../support/tool-scene.ts';
import { indexOf } from '../support/images.ts';
import { startRegistry } from '../support/registry.ts';

async function copy(
  scene: ToolScene,
  from: string,
  to: string | readonly string[],
  options: CopyImagesOptions = {},
): Promise<readonly string[]> {
  const places = typeof to === 'string' ? [to] : to;
  const request = { from: parseLocation(from), to: places.map(parseLocation) };
  return (await copyImages(request, scene.stores, scene.ctx, options)).images.map(({ digest }) => digest);
}

async function names(scene: ToolScene, location: string): Promise<readonly (string | undefined)[]> {
  return (await listImages(parseLocation(location), scene.stores, scene.ctx)).map(({ name }) => name);
}

async function digestOf(scene: ToolScene, location: string): Promise<string> {
  return (await imageManifest(parseLocation(location), scene.stores, scene.ctx)).raw.descriptor.digest;
}

async function assertSound(scene: ToolScene, location: string): Promise<void> {
  assert.deepEqual(await validateImages(parseLocation(location), scene.stores, scene.ctx), [], location);
}

describe('copying an image', () => {
  it('moves a whole index between every two kinds of places, its digest unchanged', async (t) => {
    const scene = await toolScene(t);
    const { host, directory } = scene;
    const places = [
      `${host}/team/app:1`,
      `oci:${directory}/layout:team/app:1`,
      `oci-archive:${directory}/app.oci.tar:team/app:1`,
      `docker-archive:${directory}/app.tar:team/app:1`,
    ];
    await saveIndex(scene, `oci:${directory}/first:1`);
    let from = `oci:${directory}/first:1`;
    for (const to of [...places, ...places.toReversed()]) {
      assert.deepEqual(await copy(scene, from, to), [INDEX.descriptor.digest], `${from} → ${to}`);
      assert.equal(await digestOf(scene, to), INDEX.descriptor.digest);
      await assertSound(scene, to);
      from = to;
    }
  });

  it('one platform is that manifest alone; one that is not offered is an error that offers no other image', async (t) => {
    const scene = await toolScene(t);
    const from = `oci:${scene.directory}/first`;
    await saveIndex(scene, from);
    const platform = { os: 'linux', architecture: 'arm64' };
    assert.deepEqual(await copy(scene, from, `${scene.host}/app`, { platform }), [ARM64.manifest.descriptor.digest]);
    assert.equal(await digestOf(scene, `${scene.host}/app`), ARM64.manifest.descriptor.digest);
    await assert.rejects(
      copy(scene, from, `${scene.host}/other`, { platform: { os: 'linux', architecture: 's390x' } }),
      {
        code: 'PLATFORM_NOT_FOUND',
        hint: { kind: 'choose-platform', offered: ['linux/amd64', 'linux/arm64'], isOnlyWay: true },
      },
    );
    assert.equal(
      scene.registry.requests.some(({ path }) => path.includes('/other/')),
      false,
    );
  });

  it('several destinations get the same, each in its way, and the source’s name where they have none', async (t) => {
    const scene = await toolScene(t);
    const { host, directory } = scene;
    await saveIndex(scene, `${host}/team/app:1`);
    const to = [`oci:${directory}/out`, `docker-archive:${directory}/app.tar`, `${host}/mirror/app:2`];
    await copy(scene, `${host}/team/app:1`, to);
    assert.deepEqual(await names(scene, `oci:${directory}/out`), [`${host}/team/app:1`]);
    assert.deepEqual(await names(scene, `docker-archive:${directory}/app.tar`), ['1']);
    assert.deepEqual(await names(scene, `${host}/mirror/app`), ['2']);
    await copy(scene, `oci:${directory}/out`, [`oci:${directory}/copy`]);
    assert.deepEqual(await names(scene, `oci:${directory}/copy`), [`${host}/team/app:1`]);
    const end = scene.ctx.events.findLast(({ type }) => type === 'copy.end');
    assert.deepEqual(end?.type === 'copy.end' && [end.images, end.outputs.length], [
      [{ digest: INDEX.descriptor.digest }],
      1,
    ]);
  });

  it('within one registry blobs are mounted, not sent', async (t) => {
    const scene = await toolScene(t);
    await saveIndex(scene, `${scene.host}/team/app:1`);
    scene.registry.requests.length = 0;
    await copy(scene, `${scene.host}/team/app:1`, `${scene.host}/mirror/app:1`);
    const sent = scene.registry.requests.filter(({ method, path }) => path.includes('/blobs/') && method !== 'HEAD');
    assert.ok(sent.length > 0);
    assert.ok(
      sent.every(({ method, path }) => method === 'POST' && path.includes('mount=')),
      JSON.stringify(sent),
    );
  });

  it('all tags of a repository go to a layout under their full names, and back as tags', async (t) => {
    const scene = await toolScene(t);
    const { host, directory } = scene;
    await saveIndex(scene, `${host}/team/app:1`);
    await save(scene, `${host}/team/app:amd64`, { images: [AMD64] });
    const all = { allTags: true };
    await copy(scene, `${host}/team/app`, `oci:${directory}/out`, all);
    assert.deepEqual(await names(scene, `oci:${directory}/out`), [`${host}/team/app:1`, `${host}/team/app:amd64`]);
    await copy(scene, `oci:${directory}/out`, `${host}/back`, all);
    assert.deepEqual(await names(scene, `${host}/back`), ['1', 'amd64']);
    assert.equal(await digestOf(scene, `${host}/back:amd64`), AMD64.manifest.descriptor.digest);
  });

  it('two names that would be one tag are refused before anything is written', async (t) => {
    const scene = await toolScene(t);
    const layout = `oci:${scene.directory}/out`;
    for (const name of ['a/app:1', 'b/app:1']) await save(scene, `${layout}:${name}`, { images: [AMD64] });
    scene.registry.requests.length = 0;
    await assert.rejects(copy(scene, layout, `${scene.host}/app`, { allTags: true }), { code: 'IMAGE_AMBIGUOUS' });
    assert.deepEqual(scene.registry.requests, []);
  });

  it('what cannot be is refused before anything is read', async (t) => {
    const scene = await toolScene(t);
    const { host, directory } = scene;
    const invalid = { code: 'ARGUMENT_INVALID' };
    await assert.rejects(copy(scene, `${host}/app`, []), invalid);
    await assert.rejects(
      copy(scene, `${host}/app`, [`oci-archive:${directory}/a`, `oci-archive:${directory}/./a:x`]),
      invalid,
    );
    const both = { allTags: true, platform: { os: 'linux', architecture: 'amd64' } };
    await assert.rejects(copy(scene, `${host}/app`, `oci:${directory}/out`, both), invalid);
    assert.deepEqual(scene.registry.requests, []);
  });
});

describe('what refers to a copied image', () => {
  it('comes along to a registry, to a layout and back, with what refers to that', async (t) => {
    const scene = await toolScene(t);
    const { host, directory } = scene;
    await saveIndex(scene, `${host}/team/app:1`);
    const sbom = artifactOf(INDEX.descriptor, 'application/spdx+json');
    const ofPlatform = artifactOf(AMD64.manifest.descriptor, 'application/x-scan');
    const signature = artifactOf(sbom.manifest.descriptor, 'application/x-signature');
    for (const artifact of [sbom, ofPlatform, signature]) await attach(scene, `${host}/team/app`, artifact);
    const places = [`${host}/mirror/app:1`, `oci:${directory}/out`, `${host}/back/app:1`];
    let from = `${host}/team/app:1`;
    for (const to of places) {
      await copy(scene, from, to, { referrers: true });
      for (const [subject, artifact, type] of [
        [INDEX.descriptor.digest, sbom, 'application/spdx+json'],
        [AMD64.manifest.descriptor.digest, ofPlatform, 'application/x-scan'],
        [sbom.manifest.descriptor.digest, signature, 'application/x-signature'],
      ] as const) {
        const at = to.startsWith('oci:') ? `${to}@${subject}` : `${to.replace(/:1$/, '')}@${subject}`;
        const { referrers } = await imageReferrers(parseLocation(at), scene.stores, scene.ctx);
        assert.deepEqual(
          referrers.map(({ digest, artifactType }) => [digest, artifactType]),
          [[artifact.manifest.descriptor.digest, type]],
          at,
        );
      }
      // Entries without a name do not make the layout ambiguous.
      assert.equal(await digestOf(scene, to), INDEX.descriptor.digest);
      from = to;
    }
    await assertSound(scene, `oci:${directory}/out`);
  });

  it('stays behind unless it is asked for, and is listed by type', async (t) => {
    const scene = await toolScene(t);
    const { host, directory } = scene;
    await save(scene, `${host}/app:1`, { images: [AMD64] });
    for (const type of ['application/spdx+json', 'application/x-signature'])
      await attach(scene, `${host}/app`, artifactOf(AMD64.manifest.descriptor, type));
    await copy(scene, `${host}/app:1`, `oci:${directory}/out`);
    const inLayout = await imageReferrers(parseLocation(`oci:${directory}/out`), scene.stores, scene.ctx);
    assert.deepEqual(inLayout, { subject: AMD64.manifest.descriptor.digest, referrers: [] });
    const { referrers } = await imageReferrers(parseLocation(`${host}/app:1`), scene.stores, scene.ctx, {
      artifactType: 'application/x-signature',
    });
    assert.deepEqual(
      referrers.map(({ artifactType }) => artifactType),
      ['application/x-signature'],
    );
  });
});

describe('a copy that fails', () => {
  it('a blob that the source has not: the old tag stays, no archive is written, the reading side is named', async (t) => {
    const scene = await toolScene(t);
    const { host, directory } = scene;
    await save(scene, `${host}/app:1`, { images: [ARM64] });
    const partial = { ...AMD64, layers: AMD64.layers.slice(1) };
    await save(scene, `oci:${directory}/broken`, { images: [partial] });
    const to = [`${host}/app:1`, `docker-archive:${directory}/app.tar`, `oci:${directory}/out`];
    await assert.rejects(copy(scene, `oci:${directory}/broken`, to), (error: unknown) => {
      assert.ok(error instanceof Error && 'details' in error && 'code' in error);
      assert.equal(error.code, 'BLOB_NOT_FOUND');
      assert.match(JSON.stringify(error.details), /"reading":"oci:/);
      return true;
    });
    assert.equal(await digestOf(scene, `${host}/app:1`), ARM64.manifest.descriptor.digest);
    assert.equal(existsSync(join(directory, 'app.tar')), false);
    assert.equal(existsSync(join(directory, 'out', 'index.json')), false);
    assert.deepEqual(readdirSync(scene.ctx.tmp), []);
  });

  it('a damaged blob, a manifest that is missing, one that is too large: nothing is named', async (t) => {
    const scene = await toolScene(t);
    const { directory } = scene;
    const missing = indexOf([{ ...AMD64.manifest.descriptor }, { ...ARM64.manifest.descriptor }]);
    await save(scene, `oci:${directory}/sparse`, { images: [AMD64], top: [missing] });
    await assert.rejects(copy(scene, `oci:${directory}/sparse`, `oci:${directory}/out:1`), { code: 'IMAGE_NOT_FOUND' });
    const huge = indexOf([{ ...AMD64.manifest.descriptor, annotations: { pad: 'x'.repeat(4 * 1024 * 1024) } }]);
    await save(scene, `oci:${directory}/huge`, { images: [AMD64], top: [huge] });
    await assert.rejects(copy(scene, `oci:${directory}/huge`, `oci:${directory}/out:1`), { code: 'IMAGE_INVALID' });
    let deep = INDEX;
    const above = Array.from({ length: 10 }, () => (deep = indexOf([deep.descriptor])));
    await save(scene, `oci:${directory}/deep`, { images: [AMD64, ARM64], top: [INDEX, ...above] });
    await assert.rejects(copy(scene, `oci:${directory}/deep`, `oci:${directory}/out:1`), { code: 'IMAGE_INVALID' });
    assert.equal(existsSync(join(directory, 'out', 'index.json')), false);
  });

  it('one of several destinations at the end: the others are written, and the error says which', async (t) => {
    const scene = await toolScene(t);
    const { directory } = scene;
    await saveIndex(scene, `oci:${directory}/first`);
    const registry = await startRegistry(t, {
      intercept: ({ method, path }) =>
        method === 'PUT' && path.includes('/manifests/') ? { kind: 'answer', status: 403 } : undefined,
    });
    const to = [`${registry.name}/app:1`, `oci:${directory}/out:1`];
    await assert.rejects(copy(scene, `oci:${directory}/first`, to), (error: unknown) => {
      assert.ok(error instanceof SlipwayError);
      assert.deepEqual([error.code, error.exit], ['OUTPUT_FAILED', 1]);
      assert.match(error.details[`${registry.name}/app:1`] ?? '', /denied access to write/);
      assert.match(error.details[`oci:${directory}/out:1`] ?? '', /^written, sha256:/);
      return true;
    });
    assert.equal(await digestOf(scene, `oci:${directory}/out:1`), INDEX.descriptor.digest);
    await assert.rejects(copy(scene, `oci:${directory}/first`, `${registry.name}/app:1`), { code: 'REGISTRY_DENIED' });
  });
});
