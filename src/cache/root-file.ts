import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import { descriptorToJson, readDescriptor, type Descriptor } from '../oci/descriptor.ts';
import { isDiffId, type DiffId } from '../oci/digest.ts';
import { compareBytes } from '../oci/go-json.ts';
import { parseJson } from '../oci/manifest.ts';
import { describeIssues, ObjectReader } from '../schema/reader.ts';
import { PARTS } from './cache-folder.ts';

/** What a build sees of a cache: the metadata of the last commit, and the blob of each of its layers. */
export interface Root {
  /** JSON data of `io.buildpacks.lifecycle.cache.metadata`. */
  readonly metadata: unknown;
  readonly layers: ReadonlyMap<DiffId, Descriptor>;
}

/** Throws `STORE_INVALID` naming the file when it is there and unsound; undefined when there is none. */
export async function readRoot(directory: string, key: string): Promise<Root | undefined> {
  const path = rootPath(directory, key);
  try {
    return decodeRoot(await readFile(path), path);
  } catch (error) {
    if (isSystem(error, 'ENOENT')) return undefined;
    if (isSystem(error, 'EACCES', 'EISDIR', 'EIO'))
      throw new SlipwayError('STORE_INVALID', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
    throw error;
  }
}

/** Replaces the root as a whole. `metadataJson` is kept as it is. */
export async function writeRoot(
  directory: string,
  key: string,
  root: { readonly metadataJson: string; readonly layers: ReadonlyMap<DiffId, Descriptor> },
): Promise<void> {
  const layers = [...root.layers]
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([diffId, descriptor]) => `"${diffId}":${JSON.stringify(descriptorToJson(descriptor))}`);
  const text = `{"version":1,"metadata":${root.metadataJson.trim()},"layers":{${layers.join(',')}}}\n`;
  await writeFileAtomic(rootPath(directory, key), text, { mode: 0o644 });
}

function rootPath(directory: string, key: string): string {
  return join(directory, PARTS.roots, `${key}.json`);
}

function decodeRoot(bytes: Uint8Array, path: string): Root {
  const reader = new ObjectReader(parseJson(bytes, path));
  if (reader.safeInteger('version') !== 1) reader.issue('version', 'is not 1');
  const table = reader.object('layers');
  const layers = new Map<DiffId, Descriptor>();
  for (const diffId of table.keys()) {
    if (isDiffId(diffId)) layers.set(diffId, readDescriptor(table.object(diffId)));
    else table.issue(diffId, 'is not a diffID');
  }
  if (reader.issues.length > 0)
    throw new SlipwayError('STORE_INVALID', `${path} is malformed: ${describeIssues(reader.issues)}`);
  return { metadata: reader.raw('metadata'), layers };
}
