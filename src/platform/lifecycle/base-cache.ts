import { join } from 'node:path';
import { streamOf } from '../../core/bytes.ts';
import type { Context } from '../../core/context.ts';
import { pathKind } from '../../core/path-kind.ts';
import type { Image } from '../../ports/image.ts';
import { openLayoutSink } from '../../store/layout/layout-sink.ts';

/** Where an extender looks for the images that it extends; the platform mounts it, or it is not there. */
export const KANIKO_DIRECTORY = '/kaniko';

/**
 * Keeps manifest and config of an image as `<kaniko>/cache/base/<digest>`, a layout without layers (contract §10.5): an extender reads no
 * more of it. Without the directory nothing is kept.
 */
export async function keepForExtender(image: Image, kaniko: string, ctx: Context): Promise<void> {
  if ((await pathKind(kaniko)) !== 'directory') return;
  const directory = join(kaniko, 'cache', 'base', image.manifestDigest);
  ctx.emit({ type: 'log', level: 'debug', message: `Saving image metadata to ${directory}` });
  await using sink = await openLayoutSink(directory, 'base', ctx);
  const { config } = image.manifest;
  await sink.put({ descriptor: config, open: () => streamOf(image.rawConfig) }, ctx);
  await sink.putManifest(image.rawManifest, ctx);
  sink.tag(undefined, image.rawManifest.descriptor);
  await sink.commit(ctx);
}
