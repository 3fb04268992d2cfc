import { join } from 'node:path';
import type { Context } from '../../src/core/context.ts';
import { streamOf } from '../../src/core/bytes.ts';
import { DEFAULT_COMPRESSION } from '../../src/layer/compression.ts';
import type { LayerEntry } from '../../src/layer/layer-source.ts';
import { packLayer } from '../../src/layer/pack.ts';
import { digestOf, type DiffId } from '../../src/oci/digest.ts';
import { encodeManifest } from '../../src/oci/manifest.ts';
import { DOCKER_CONFIG, DOCKER_MANIFEST } from '../../src/oci/media-types.ts';
import type { Image } from '../../src/ports/image.ts';
import { BlobDirectory } from '../../src/store/blob-directory.ts';
import { openLayoutSink } from '../../src/store/layout/layout-sink.ts';

/**
 * What an extender leaves in `directory`: the base with one layer more for each file, labelled rebasable, as Docker's types; the layout has
 * only the blobs of the new layers. Returns their diffIDs.
 */
export async function writeExtended(
  directory: string,
  base: Pick<Image, 'layers'>,
  files: readonly string[],
  ctx: Context,
): Promise<readonly DiffId[]> {
  const staging = new BlobDirectory(join(ctx.tmp, 'extended-layers'), { isTransient: true });
  const owner = { uid: 0, gid: 0 };
  const added = await Promise.all(
    files.map((path) => {
      const entries: readonly LayerEntry[] = [
        { kind: 'file', path, mode: 0o644, ...owner, bytes: Buffer.from(`text of ${path}\n`) },
      ];
      const options = { compressions: [DEFAULT_COMPRESSION], family: 'docker' } as const;
      return packLayer({ kind: 'entries', entries }, staging, ctx, options);
    }),
  );
  const layers = [...base.layers, ...added.map(({ layers: [layer] }) => layer)];
  const created = '2024-01-01T00:00:00Z';
  const bytes = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {
        Env: ['PATH=/usr/bin:/bin', 'EXTENDED=yes'],
        User: '1234',
        Labels: { 'io.buildpacks.rebasable': 'true' },
      },
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: [
        ...base.layers.map(() => ({ created, created_by: 'test base' })),
        { created, created_by: 'ENV EXTENDED=yes', empty_layer: true },
        ...files.map((path) => ({ created, created_by: `Layer: 'COPY ${path}', Created by extension: test/ext` })),
      ],
    }),
  );
  await using sink = await openLayoutSink(directory, 'run', ctx);
  for (const {
    layers: [layer],
  } of added)
    await sink.put(layer, ctx);
  const config = { mediaType: DOCKER_CONFIG, digest: digestOf(bytes), size: bytes.byteLength };
  await sink.put({ descriptor: config, open: () => streamOf(bytes) }, ctx);
  const manifest = encodeManifest({
    mediaType: DOCKER_MANIFEST,
    config,
    layers: layers.map(({ descriptor }) => descriptor),
    annotations: {},
  });
  await sink.putManifest(manifest, ctx);
  sink.tag(undefined, manifest.descriptor);
  await sink.commit(ctx);
  return added.map(({ layers: [layer] }) => layer.diffId);
}
