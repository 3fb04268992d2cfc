import assert from 'node:assert/strict';
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Digest } from '../../../src/oci/digest.ts';
import { encodeManifest } from '../../../src/oci/manifest.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { layoutBackend } from '../../../src/registryd/serve.ts';
import { collectLayout } from '../../../src/store/layout/collect.ts';
import { openLayoutSink } from '../../../src/store/layout/layout-sink.ts';
import { temporaryDirectory, testContext, type TestContextOf } from '../../support/context.ts';
import { pushImage, testImage, type TestImage } from '../../support/registry.ts';

const NOTHING = { entries: 0, blobs: 0, bytes: 0 };

describe('collecting a layout', () => {
  it('removes what no entry reaches and is old enough, and says how much', async (t) => {
    const [directory, ctx] = [temporaryDirectory(t), testContext(t)];
    const [kept, lost] = [testImage('kept'), testImage('lost', 5000)];
    await pushImage(await openLayoutSink(directory, 'v1', ctx), lost, ctx);
    await pushImage(await openLayoutSink(directory, 'v1', ctx), kept, ctx);
    age(directory, ctx);
    writeFileSync(join(directory, 'blobs', 'sha256', 'notes.txt'), 'mine');
    const dry = await collectLayout(directory, ctx, { olderThanMs: 0, isDryRun: true });
    const bytes = lost.layer.descriptor.size + lost.config.descriptor.size + lost.manifest.descriptor.size;
    assert.deepEqual(dry, { entries: 0, blobs: 3, bytes });
    assert.equal(isThere(directory, lost.layer.descriptor.digest), true);
    assert.deepEqual(await collectLayout(directory, ctx, { olderThanMs: 3_600_000 }), NOTHING);
    assert.deepEqual(await collectLayout(directory, ctx, { olderThanMs: 0 }), dry);
    const left = [kept.layer, kept.config, kept.manifest].map(({ descriptor }) => descriptor.digest.slice(7));
    assert.deepEqual(readdirSync(join(directory, 'blobs', 'sha256')).sort(), [...left, 'notes.txt'].sort());
    assert.deepEqual(await collectLayout(directory, ctx, { olderThanMs: 0 }), NOTHING);
  });

  it('untagged images go when asked, but not what refers to a tagged one, nor what its index holds', async (t) => {
    const [directory, ctx] = [temporaryDirectory(t), testContext(t)];
    const backend = layoutBackend(directory);
    const [app, old] = [testImage('app'), testImage('old')];
    await pushImage(await openLayoutSink(directory, 'team/app:v1', ctx), app, ctx);
    await pushImage(await openLayoutSink(directory, 'spare:v1', ctx), old, ctx);
    await backend.deleteManifest('spare', 'v1', ctx);
    const signature = encodeManifest({
      mediaType: OCI_MANIFEST,
      artifactType: 'application/x-signature',
      config: app.config.descriptor,
      layers: [],
      annotations: {},
      subject: app.manifest.descriptor,
    });
    await backend.putManifest('team/app', undefined, signature, ctx);
    age(directory, ctx);
    assert.deepEqual(await collectLayout(directory, ctx, { olderThanMs: 0 }), NOTHING);
    const removed = await collectLayout(directory, ctx, { olderThanMs: 0, untagged: true });
    assert.deepEqual([removed.entries, removed.blobs], [1, 3]);
    assert.equal(isThere(directory, signature.descriptor.digest), true);
    assert.equal(isThere(directory, manifestOf(old)), false);
  });

  it('a manifest that cannot be read ends it before anything is removed', async (t) => {
    const [directory, ctx] = [temporaryDirectory(t), testContext(t)];
    const [image, lost] = [testImage('a'), testImage('b')];
    await pushImage(await openLayoutSink(directory, 'v1', ctx), lost, ctx);
    await pushImage(await openLayoutSink(directory, 'v1', ctx), image, ctx);
    writeFileSync(pathOf(directory, manifestOf(image)), 'x'.repeat(image.manifest.descriptor.size));
    age(directory, ctx);
    await assert.rejects(() => collectLayout(directory, ctx, { olderThanMs: 0 }), { code: 'CONTENT_MISMATCH' });
    assert.equal(isThere(directory, manifestOf(lost)), true);
  });
});

function manifestOf(image: TestImage): Digest {
  return image.manifest.descriptor.digest;
}

function isThere(directory: string, digest: Digest): boolean {
  return existsSync(pathOf(directory, digest));
}

function pathOf(directory: string, digest: Digest): string {
  return join(directory, 'blobs', 'sha256', digest.slice('sha256:'.length));
}

/** Blobs as if written a minute ago by the context's clock. */
function age(directory: string, ctx: TestContextOf): void {
  const time = new Date(ctx.clock.now().getTime() - 60_000);
  for (const name of readdirSync(join(directory, 'blobs', 'sha256')))
    utimesSync(join(directory, 'blobs', 'sha256', name), time, time);
}
