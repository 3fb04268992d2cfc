import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CacheMetadata } from '../../cnb/layer-metadata.ts';
import { escapeId, type GroupElement } from '../../cnb/module.ts';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { extractLayer } from '../../layer/extract.ts';
import { isDiffId } from '../../oci/digest.ts';
import { compareBytes } from '../../oci/go-json.ts';
import type { BuildCache } from '../../ports/layer-cache.ts';
import { listLayers } from '../../workspace/layers-directory.ts';
import type { RestoreInput } from '../restore.ts';
import { buildpacksOf, layersOf } from './restore-metadata.ts';

/**
 * SBOM files of restored layers (contract §10.2): those of the cache are unpacked, then those of cache and previous image are put
 * beside their layers as `<layer>.sbom.<format>.json`, and `<layers>/sbom` is removed. The cache's layer is verified; one that is
 * missing or wrong is a warning (GAP-21). Throws `WRITE_FAILED` and `DISK_FULL`.
 */
export async function restoreSboms(
  input: RestoreInput,
  cached: CacheMetadata,
  cache: BuildCache | undefined,
  ctx: Context,
): Promise<void> {
  if (cached.sbom !== '') await unpackCachedSboms(input, cached.sbom, cache, ctx);
  const root = join(input.layers.real, 'sbom');
  for (const scope of ['cache', 'launch'])
    for (const buildpack of buildpacksOf(input.group)) await placeSboms(join(root, scope), buildpack, input, cached);
  await rm(root, { recursive: true, force: true });
}

async function unpackCachedSboms(
  { layers }: RestoreInput,
  sha: string,
  cache: BuildCache | undefined,
  ctx: Context,
): Promise<void> {
  ctx.emit({ type: 'log', level: 'info', message: 'Restoring data for SBOM from cache' });
  ctx.emit({ type: 'log', level: 'debug', message: `Retrieving SBOM layer data for "${sha}"` });
  try {
    const layer = isDiffId(sha) ? await cache?.find(sha, ctx) : undefined;
    if (layer === undefined) throw new SlipwayError('BLOB_NOT_FOUND', `failed to find cache layer with SHA '${sha}'`);
    const place = { ...layers, logical: `${layers.logical}/sbom/cache`, real: join(layers.real, 'sbom', 'cache') };
    await extractLayer(layer, ctx, { places: [place] });
  } catch (error) {
    if (!(error instanceof SlipwayError) || ctx.signal.aborted) throw error;
    if (error.code === 'WRITE_FAILED' || error.code === 'DISK_FULL') throw error;
    const message = `Skipping restore of the SBOM from cache: ${error.message}`;
    ctx.emit({ type: 'log', level: 'warn', message });
  }
}

/** The files of one buildpack, if it has a directory: layers' names are directories there, so dots in them do no harm (GAP-22). */
async function placeSboms(
  scope: string,
  buildpack: GroupElement,
  input: RestoreInput,
  cached: CacheMetadata,
): Promise<void> {
  const name = escapeId(buildpack.id);
  const target = join(input.layers.real, name);
  if (!(await isDirectory(target))) return;
  const present = new Set((await listLayers(target)).map((layer) => layer.name));
  const records = layersOf(cached, buildpack);
  for (const layer of await namesIn(join(scope, name), 'directory')) {
    // A cached layer that could not be restored is made anew, and its SBOM too.
    if (records.get(layer)?.cache === true && !present.has(layer)) continue;
    for (const file of await namesIn(join(scope, name, layer), 'file')) {
      if (!/^sbom.+json$/.test(file)) continue;
      await writeFileAtomic(join(target, `${layer}.${file}`), await readFile(join(scope, name, layer, file)), {
        mode: 0o644,
      });
    }
  }
}

/** Names of one kind in a directory, in byte order; links are neither. */
async function namesIn(directory: string, kind: 'directory' | 'file'): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const wanted = entries.filter((entry) => (kind === 'file' ? entry.isFile() : entry.isDirectory()));
    return wanted.map((entry) => entry.name).sort(compareBytes);
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
