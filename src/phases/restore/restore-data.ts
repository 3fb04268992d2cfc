import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CacheMetadata } from '../../cnb/layer-metadata.ts';
import { escapeId, type GroupElement } from '../../cnb/module.ts';
import type { Context } from '../../core/context.ts';
import type { LogLevel } from '../../core/events.ts';
import { SlipwayError } from '../../core/errors.ts';
import { extractLayer } from '../../layer/extract.ts';
import { isDiffId } from '../../oci/digest.ts';
import type { BuildCache } from '../../ports/layer-cache.ts';
import { eachBounded } from '../../store/bounded.ts';
import { listLayers } from '../../workspace/layers-directory.ts';
import type { RestoreInput } from '../restore.ts';
import { buildpacksOf, layersOf, logDirectory, type RestoredShas } from './restore-metadata.ts';

/** Layers that are unpacked at once. */
const PARALLEL = 4;

interface CachedLayer {
  readonly id: string;
  readonly sha: string;
  /** Absolute path here, and in the image. */
  readonly real: string;
  readonly logical: string;
}

/**
 * Contents of cached layers whose metadata was put back (contract §10.2). A layer on disk that the cache knows by another diffID is
 * removed. Contents that are missing or prove wrong are a warning, and then nothing of the layer stays: a buildpack finds both or
 * neither (GAP-23). Throws `WRITE_FAILED` and `DISK_FULL`.
 */
export async function restoreLayerData(
  input: RestoreInput,
  restored: { readonly shas: RestoredShas; readonly cached: CacheMetadata },
  cache: BuildCache | undefined,
  ctx: Context,
): Promise<void> {
  const wanted: CachedLayer[] = [];
  for (const buildpack of buildpacksOf(input.group)) {
    log(ctx, 'debug', `Reading Buildpack Layers directory ${input.layers.logical}`);
    await logDirectory(input.layers, buildpack, ctx);
    for (const layer of await cachedLayersOnDisk(buildpack, input, restored.cached)) {
      if (restored.shas.get(layer.id) === layer.sha) {
        log(ctx, 'info', `Restoring data for "${layer.id}" from cache`);
        wanted.push(layer);
      } else {
        log(ctx, 'info', `Removing "${layer.id}", wrong sha`);
        await removeLayer(layer);
      }
    }
  }
  await eachBounded(wanted, PARALLEL, ctx, (layer, inner) => restoreLayer(layer, input, cache, inner));
}

/** Layers that are there, with or without contents, and that the cache's metadata knows. */
async function cachedLayersOnDisk(
  buildpack: GroupElement,
  input: RestoreInput,
  cached: CacheMetadata,
): Promise<readonly CachedLayer[]> {
  const records = layersOf(cached, buildpack);
  const directory = escapeId(buildpack.id);
  const found = await listLayers(join(input.layers.real, directory));
  return found.flatMap(({ name }) => {
    const record = records.get(name);
    if (record?.cache !== true) return [];
    const real = join(input.layers.real, directory, name);
    const logical = `${input.layers.logical}/${directory}/${name}`;
    return [{ id: `${buildpack.id}:${name}`, sha: record.sha, real, logical }];
  });
}

async function restoreLayer(
  cached: CachedLayer,
  input: RestoreInput,
  cache: BuildCache | undefined,
  ctx: Context,
): Promise<void> {
  log(ctx, 'debug', `Retrieving data for "${cached.sha}"`);
  try {
    const layer = isDiffId(cached.sha) ? await cache?.find(cached.sha, ctx) : undefined;
    if (layer === undefined)
      throw new SlipwayError('BLOB_NOT_FOUND', `failed to find cache layer with SHA '${cached.sha}'`);
    const { logical, real } = cached;
    await extractLayer(layer, ctx, { places: [{ ...input.layers, logical, real }] });
  } catch (error) {
    if (!(error instanceof SlipwayError) || ctx.signal.aborted) throw error;
    if (error.code === 'WRITE_FAILED' || error.code === 'DISK_FULL') throw error;
    log(ctx, 'warn', `Skipping restore for layer ${cached.id}: ${error.message}`);
    await removeLayer(cached);
  }
}

async function removeLayer(layer: CachedLayer): Promise<void> {
  for (const path of [layer.real, `${layer.real}.sha`, `${layer.real}.toml`])
    await rm(path, { recursive: true, force: true });
}

function log(ctx: Context, level: LogLevel, message: string): void {
  ctx.emit({ type: 'log', level, message });
}
