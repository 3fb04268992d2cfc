import { join } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { hasCode } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import { descriptorToJson, type Descriptor } from '../../oci/descriptor.ts';
import { OCI_INDEX } from '../../oci/media-types.ts';
import type { JsonObject } from '../../schema/reader.ts';
import { REF_NAME } from '../image-names.ts';
import type { IndexJson } from '../index-json.ts';
import { readIndexJson } from './layout-source.ts';

/** Content of the file `oci-layout`. */
export const OCI_LAYOUT = '{"imageLayoutVersion":"1.0.0"}';

/**
 * Puts named entries into a layout's `index.json`: an entry of the same name is replaced in its place, a new one goes to the end, all
 * else stays as it is. `unnamed` are added where no entry has their digest. The caller holds the layout's lock. Throws as `editIndexJson`.
 */
export async function mergeIndexJson(
  directory: string,
  names: ReadonlyMap<string, Descriptor>,
  unnamed: readonly Descriptor[] = [],
): Promise<void> {
  await editIndexJson(directory, (before) => {
    const pending = new Map(names);
    const kept = before.flatMap((entry) => {
      const name = entry.annotations?.[REF_NAME];
      if (name === undefined || !names.has(name)) return [entry];
      const descriptor = pending.get(name);
      pending.delete(name);
      return descriptor === undefined ? [] : [descriptor];
    });
    const all = [...kept, ...pending.values()];
    return [...all, ...unnamed.filter(({ digest }) => !all.some((entry) => entry.digest === digest))];
  });
}

/**
 * Replaces the entries of a layout's `index.json`, made when it is missing. Entries that `change` returns as they were given keep
 * unknown fields too. The caller holds the layout's lock. Throws `STORE_INVALID` rather than overwrite an index that cannot be read.
 */
export async function editIndexJson(
  directory: string,
  change: (entries: readonly Descriptor[]) => readonly Descriptor[],
): Promise<void> {
  const { document, entries } = await readOrEmpty(directory);
  const before: readonly unknown[] = Array.isArray(document['manifests']) ? document['manifests'] : [];
  const asRead = new Map(entries.map((entry, index) => [entry, before[index]]));
  const manifests = change(entries).map((entry) => asRead.get(entry) ?? entryJson(entry));
  const marker = join(directory, 'oci-layout');
  if ((await pathKind(marker)) === undefined) await writeFileAtomic(marker, OCI_LAYOUT, { mode: 0o644 });
  const text = JSON.stringify({ ...document, manifests }, undefined, 3);
  await writeFileAtomic(join(directory, 'index.json'), `${text}\n`, { mode: 0o644 });
}

/** An index entry as plain data, keys in Go's order. */
function entryJson(descriptor: Descriptor): JsonObject {
  const json = descriptorToJson(descriptor);
  const { annotations } = json;
  return annotations instanceof Map ? { ...json, annotations: Object.fromEntries(annotations) } : json;
}

async function readOrEmpty(directory: string): Promise<IndexJson> {
  try {
    return await readIndexJson(directory);
  } catch (error) {
    if (!hasCode(error, 'IMAGE_NOT_FOUND')) throw error;
    return { document: { schemaVersion: 2, mediaType: OCI_INDEX }, entries: [] };
  }
}
