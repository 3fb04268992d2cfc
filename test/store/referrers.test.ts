import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { encodeIndex, encodeManifest } from '../../src/oci/manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { openArchive } from '../../src/store/archive/archive-source.ts';
import { openArchiveSink } from '../../src/store/archive/archive-sink.ts';
import { putImage } from '../../src/store/copy.ts';
import { openLayout } from '../../src/store/layout/layout-source.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';
import { temporaryDirectory, testContext } from '../support/context.ts';
import { blobOf, imageOf } from '../support/images.ts';

describe('referrers in a layout or archive', () => {
  for (const kind of ['layout', 'archive'] as const)
    it(`are found among the entries of a ${kind} and in its indexes, all or by type`, async (t) => {
      const ctx = testContext(t);
      const path = join(temporaryDirectory(t), 'out');
      const image = imageOf('linux/amd64');
      const content = blobOf(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json');
      const artifact = (artifactType: string) =>
        encodeManifest({
          mediaType: OCI_MANIFEST,
          artifactType,
          config: content.descriptor,
          layers: [content.descriptor],
          subject: image.manifest.descriptor,
          annotations: {},
        });
      const [sbom, signature] = [artifact('application/spdx+json'), artifact('application/x-signature')];
      const index = encodeIndex({ mediaType: OCI_INDEX, manifests: [signature.descriptor], annotations: {} });
      const writes = [
        ['app', image.manifest],
        ['sbom', sbom],
        ['signatures', index],
      ] as const;
      {
        await using sink =
          kind === 'layout'
            ? await openLayoutSink(path, 'app', ctx)
            : await openArchiveSink(path, ctx, { format: 'oci', names: ['docker.io/library/app:1'], refName: 'app' });
        await putImage(image, sink, ctx);
        await sink.put(content, ctx);
        for (const manifest of [sbom, signature, index]) await sink.putManifest(manifest, ctx);
        for (const [name, { descriptor }] of writes) sink.tag(name, descriptor);
        await sink.commit(ctx);
      }
      await using archive = kind === 'archive' ? await openArchive(path, ctx) : undefined;
      const source = archive ?? openLayout(path);
      const subject = image.manifest.descriptor.digest;
      const all = await source.referrers(subject, ctx);
      assert.deepEqual(
        all.map(({ digest }) => digest),
        [sbom.descriptor.digest, signature.descriptor.digest].sort(),
      );
      const some = await source.referrers(subject, ctx, { artifactType: 'application/x-signature' });
      assert.deepEqual(
        some.map(({ digest, artifactType }) => [digest, artifactType]),
        [[signature.descriptor.digest, 'application/x-signature']],
      );
      assert.deepEqual(await source.referrers(sbom.descriptor.digest, ctx), []);
    });
});
