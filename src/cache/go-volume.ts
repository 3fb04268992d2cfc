import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import { CACHE_METADATA_LABEL } from '../cnb/labels.ts';
import { parseDigest, type DiffId } from '../oci/digest.ts';
import { parseJson } from '../oci/manifest.ts';
import { layerMediaType } from '../oci/media-types.ts';
import type { Layer } from '../ports/blob.ts';
import { readFileStream } from '../store/read-file-stream.ts';
import { verifyStream } from '../oci/verify-stream.ts';

/**
 * What the Go lifecycle left in the same folder (contract §10.3): `committed/<diffID>.tar` and a metadata file. It is read, never
 * written. After a crash between its two renames the contents lie in `committed-backup`.
 */
export interface GoVolume {
  /** JSON data of the metadata file; undefined when there is none. Throws `STORE_INVALID` or `IMAGE_INVALID` naming the file when it cannot be read or is not JSON. */
  readonly readMetadata: () => Promise<unknown>;
  readonly find: (diffId: DiffId) => Promise<Layer | undefined>;
}

const FOLDERS = ['committed', 'committed-backup'] as const;

export function openGoVolume(directory: string): GoVolume {
  return { readMetadata: () => readMetadata(directory), find: (diffId) => find(directory, diffId) };
}

async function readMetadata(directory: string): Promise<unknown> {
  for (const folder of FOLDERS) {
    const path = join(directory, folder, CACHE_METADATA_LABEL);
    try {
      return parseJson(await readFile(path), path);
    } catch (error) {
      if (isSystem(error, 'EACCES', 'EISDIR', 'EIO'))
        throw new SlipwayError('STORE_INVALID', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
      if (!isSystem(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
  }
  return undefined;
}

async function find(directory: string, diffId: DiffId): Promise<Layer | undefined> {
  for (const folder of FOLDERS) {
    const path = join(directory, folder, `${diffId}.tar`);
    try {
      const stats = await stat(path);
      if (!stats.isFile()) continue;
      const { size } = stats;
      // An uncompressed blob: its digest is the diffID.
      const descriptor = { mediaType: layerMediaType('oci', 'none'), digest: parseDigest(diffId), size };
      const open = (signal?: AbortSignal): AsyncIterable<Uint8Array> =>
        verifyStream(readFileStream(path, signal === undefined ? {} : { signal }), descriptor, path);
      return { descriptor, diffId, origins: [], open };
    } catch (error) {
      if (!isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) throw error;
    }
  }
  return undefined;
}
