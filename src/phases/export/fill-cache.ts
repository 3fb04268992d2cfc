import type { CacheMetadata } from '../../cnb/layer-metadata.ts';
import { cacheMetadataJson, decodeCacheMetadata } from '../../cnb/labels.ts';
import type { Context } from '../../core/context.ts';
import { messageOf } from '../../core/errors.ts';
import type { Place } from '../../layer/place.ts';
import type { Layer } from '../../ports/blob.ts';
import type { BuildCache } from '../../ports/layer-cache.ts';
import type { BuildpackDirectory } from './buildpack-directories.ts';
import { buildpackRecord, shaIn } from './buildpack-layers.ts';
import { announceIndex, log, type MadeFromFiles } from './layer-request.ts';
import { known, LAYER_IDS, sbomOrigin } from './lifecycle-layers.ts';
import { readingLines } from './log-lines.ts';
import { makeLayer, type LayerMaking } from './make-layers.ts';
import type { SharedLayers } from './shared-layers.ts';

export interface CacheFilling {
  readonly directories: readonly BuildpackDirectory[];
  readonly place: Place;
  /** Layers that the image has too, maybe still being made: they are stored as the very same blobs. */
  readonly shared: SharedLayers;
  readonly making: LayerMaking;
}

/**
 * Writes the next root of the cache (contract §10.6): every layer with cache=true, and the SBOM files of cached layers. A layer that
 * cannot be cached is a warning. Throws when the root cannot be written, and when the image that shares its layers fails: then the
 * cache stays as it was (GAP-32).
 */
export async function fillCache(filling: CacheFilling, cache: BuildCache, ctx: Context): Promise<void> {
  const previous = decodeCacheMetadata(cache.metadata);
  const shas = new Map<string, string>();
  for (const directory of filling.directories) {
    const { buildpack, layers } = directory;
    for (const line of readingLines(directory)) ctx.emit({ type: 'log', ...line });
    for (const layer of layers.filter(({ file }) => file.types.cache)) {
      const { id, path } = layer;
      if (!layer.hasContents) {
        log(ctx, 'warn', `Failed to cache layer '${id}' because it has no contents`);
        continue;
      }
      const cachedSha = shaIn(previous, buildpack.id, layer.name);
      const source = { kind: 'dir', place: filling.place, path } as const;
      await addLayer(id, { kind: 'make', source, previousShas: [], cachedSha }, { filling, cache, shas }, ctx);
    }
  }
  const sbom = await sbomOrigin(filling.place, 'cache', { previousShas: [], cachedSha: known(previous?.sbom)[0] });
  if (sbom !== undefined) {
    log(ctx, 'debug', `Found SBOM of type cache for at ${filling.place.logical}/sbom/cache`);
    await addLayer(LAYER_IDS.cacheSbom, sbom, { filling, cache, shas }, ctx);
  }
  const metadata: CacheMetadata = {
    sbom: shas.get(LAYER_IDS.cacheSbom) ?? '',
    buildpacks: filling.directories.map((directory) =>
      buildpackRecord({ ...directory, store: undefined }, (layer) => shas.get(layer.id)),
    ),
  };
  await cache.commit(cacheMetadataJson(metadata), ctx);
}

interface Adding {
  readonly filling: CacheFilling;
  readonly cache: BuildCache;
  /** DiffIDs of what was added, by layer id. */
  readonly shas: Map<string, string>;
}

async function addLayer(
  id: string,
  from: MadeFromFiles,
  { filling, cache, shas }: Adding,
  ctx: Context,
): Promise<void> {
  const shared = await filling.shared.get(id);
  try {
    const layer = shared ?? (await makeCached(id, from, filling, ctx));
    if (shared !== undefined || id === LAYER_IDS.cacheSbom)
      log(ctx, 'debug', `Reusing tarball for layer "${id}" with SHA: ${layer.diffId}`);
    const stored = await cache.find(layer.diffId, ctx);
    const lineOfSha = `Layer '${id}' SHA: ${layer.diffId}`;
    if (from.cachedSha === layer.diffId) {
      announceReuse(id, from.cachedSha, stored, ctx);
      if (stored !== undefined) log(ctx, 'debug', lineOfSha);
    }
    log(ctx, 'info', `Adding cache layer '${id}'`);
    await cache.add(stored ?? layer, ctx);
    shas.set(id, layer.diffId);
    log(ctx, 'debug', lineOfSha);
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    log(ctx, 'warn', `Failed to cache layer '${id}': ${messageOf(error)}`);
  }
}

async function makeCached(id: string, from: MadeFromFiles, { making }: CacheFilling, ctx: Context): Promise<Layer> {
  const made = await makeLayer({ id, createdBy: '', from }, making, ctx);
  announceIndex(made, ctx);
  return made.layer;
}

function announceReuse(id: string, sha: string, stored: Layer | undefined, ctx: Context): void {
  if (stored !== undefined) log(ctx, 'info', `Reusing cache layer '${id}'`);
  else log(ctx, 'warn', `Skipping reuse for layer ${id}: failed to find cache layer with SHA '${sha}'`);
}
