import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnalyzedRunImage } from '../../cnb/analyzed.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { baseHistory } from '../../image/history.ts';
import { openTar } from '../../layer/open-tar.ts';
import { compressionOf, familyOf, layerMediaType } from '../../oci/media-types.ts';
import type { ExporterInputs } from '../../options/phase-inputs.ts';
import type { ExtensionLayer } from '../../phases/export.ts';
import type { Layer } from '../../ports/blob.ts';
import type { ImageFinder } from '../../ports/image-finder.ts';
import type { Image } from '../../ports/image.ts';
import { guardExperimental, type Host } from './host.ts';

/**
 * The layout of the run image that an extender left in `<extended>/run`, an experiment below Platform API 0.13 (contract §1.3); undefined
 * when there is none. Throws `FEATURE_EXPERIMENTAL` (exit 1), `STORE_INVALID` for several, `IMAGE_NOT_FOUND` where one is due.
 */
export async function findExtended(
  inputs: ExporterInputs,
  runImage: AnalyzedRunImage,
  host: Host,
  ctx: Context,
): Promise<string | undefined> {
  const directory = join(inputs.extendedDir, 'run');
  const names = await entries(directory);
  const [name] = names;
  if (name === undefined) {
    if (!runImage.extend) return undefined;
    throw new SlipwayError(
      'IMAGE_NOT_FOUND',
      `run image ${runImage.image} is to be extended, but ${directory} is empty`,
      {
        exit: 62,
        hint: 'run the extender with -kind run before the exporter',
      },
    );
  }
  const hint = `remove ${directory} to export without the extensions`;
  if (!inputs.features.hasStableExtensions) guardExperimental({ feature: 'Dockerfiles', hint }, host, ctx);
  if (names.length === 1) return join(directory, name);
  throw new SlipwayError('STORE_INVALID', `${directory} holds ${String(names.length)} images, one was expected`, {
    exit: 62,
    details: { found: names.join(', ') },
    hint,
  });
}

export interface ExtendedBase {
  /** The run image with the layers of the extensions on top, and their config. */
  readonly image: Image;
  readonly layers: readonly ExtensionLayer[];
}

/**
 * The run image as extended in a layout that has only the new layers (contract §13.2): base layers stay those of the run image, config and
 * history are the extended image's. Throws `IMAGE_INVALID` when it was made from another base, `BLOB_NOT_FOUND`, `CONTENT_MISMATCH`.
 */
export async function extendedBase(
  directory: string,
  { runImage, previous }: { readonly runImage: Image; readonly previous: Image | undefined },
  images: ImageFinder,
  ctx: Context,
): Promise<ExtendedBase> {
  ctx.emit({ type: 'log', level: 'debug', message: 'Using config from extensions...' });
  const extended = await images.find({ kind: 'oci', dir: directory }, 'run image', ctx);
  const count = runImage.layers.length;
  if (runImage.layers.some(({ diffId }, at) => extended.layers[at]?.diffId !== diffId)) {
    throw new SlipwayError('IMAGE_INVALID', `the extended run image in ${directory} is not based on the run image`, {
      details: { 'run image': runImage.manifestDigest, extended: extended.manifestDigest },
      hint: 'the run image changed since: run the extender again',
    });
  }
  const history = baseHistory(extended.config.history, extended.layers.length);
  const family = familyOf(runImage.manifest.mediaType);
  const added: Layer[] = [];
  const layers: ExtensionLayer[] = [];
  for (const [index, layer] of extended.layers.entries()) {
    if (index < count) continue;
    const reused = await fromPrevious(layer, previous, ctx);
    if (reused === undefined) await prove(layer, extended, ctx);
    const chosen = reused ?? layer;
    const mediaType = layerMediaType(family, compressionOf(chosen.descriptor.mediaType) ?? 'gzip');
    const { digest, size } = chosen.descriptor;
    added.push({ ...chosen, descriptor: { mediaType, digest, size } });
    const by = /Created by extension: (.+)$/.exec(history[index]?.createdBy ?? '')?.[1] ?? 'from extensions';
    const id = `${by}:extended-layer-${String(index - count + 1)}`;
    layers.push({ id, status: reused === undefined ? 'new' : 'reused' });
  }
  const { config, rawConfig } = extended;
  return { image: { ...runImage, config, rawConfig, layers: [...runImage.layers, ...added] }, layers };
}

async function entries(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

async function fromPrevious(layer: Layer, previous: Image | undefined, ctx: Context): Promise<Layer | undefined> {
  const same = previous?.layers.find(({ diffId }) => diffId === layer.diffId);
  if (previous === undefined || same === undefined) return undefined;
  return (await previous.source.has(same.descriptor, ctx)) ? same : undefined;
}

/** Reads the layer once: what the extender wrote must be what its config says. */
async function prove(layer: Layer, { source }: Image, ctx: Context): Promise<void> {
  if (!(await source.has(layer.descriptor, ctx))) {
    throw new SlipwayError('BLOB_NOT_FOUND', `${source.description} lacks the layer ${layer.descriptor.digest}`, {
      details: { 'diff id': layer.diffId },
      hint: 'run the extender again',
    });
  }
  const tar = openTar(layer, ctx)[Symbol.asyncIterator]();
  while ((await tar.next()).done !== true);
}
