import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { hasCode, isSystem } from '../core/errors.ts';
import { descriptorToJson, readDescriptor, type Descriptor } from '../oci/descriptor.ts';
import { hexOf, type DiffId } from '../oci/digest.ts';
import { parseJson } from '../oci/manifest.ts';
import type { Layer } from '../ports/blob.ts';
import type { LayerStore } from '../ports/layer-cache.ts';
import { ObjectReader } from '../schema/reader.ts';
import { openCacheFolder, PARTS, touch, type CacheFolder } from './cache-folder.ts';
import { openGoVolume } from './go-volume.ts';

/**
 * Opens a folder as a diffID → blob store (`-launch-cache`, design §2.6): `diffs/sha256/<hex>.json` holds the descriptor of a
 * layer's blob. It may be the same folder as a build cache. Makes the folder when it is missing; throws `WRITE_FAILED` (exit 1)
 * naming the path. Tars that the Go lifecycle committed there are found too.
 */
export async function openFolderLayerStore(directory: string, ctx: Context): Promise<LayerStore> {
  ctx.signal.throwIfAborted();
  const folder = await openCacheFolder(directory);
  const volume = openGoVolume(directory);
  const find = async (diffId: DiffId, context: Context): Promise<Layer | undefined> => {
    const descriptor = await readRecord(folder, diffId, context);
    const layer = descriptor === undefined ? undefined : await folder.find(diffId, descriptor, context);
    return layer ?? (await volume.find(diffId));
  };
  return {
    description: `launch cache ${directory}`,
    find,
    add: async (layer, context) => {
      const descriptor = await folder.keep(layer, context);
      await folder.blobs.flush();
      await writeFileAtomic(recordPath(folder, layer.diffId), `${JSON.stringify(descriptorToJson(descriptor))}\n`, {
        mode: 0o644,
      });
    },
  };
}

/** The descriptor of a layer; undefined when there is no record or it is unsound (then the layer is stored afresh). */
async function readRecord(folder: CacheFolder, diffId: DiffId, ctx: Context): Promise<Descriptor | undefined> {
  const path = recordPath(folder, diffId);
  try {
    const reader = new ObjectReader(parseJson(await readFile(path), path));
    const descriptor = readDescriptor(reader);
    if (reader.issues.length > 0) return undefined;
    await touch(path, ctx);
    return descriptor;
  } catch (error) {
    if (hasCode(error, 'IMAGE_INVALID') || isSystem(error, 'ENOENT', 'EACCES')) return undefined;
    throw error;
  }
}

function recordPath(folder: CacheFolder, diffId: DiffId): string {
  return join(folder.directory, PARTS.diffs, `${hexOf(diffId)}.json`);
}
