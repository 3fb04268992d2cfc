import { join } from 'node:path';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { hasCode } from '../../core/errors.ts';
import { pathKind } from '../../core/path-kind.ts';
import { descriptorToJson, type Descriptor } from '../../oci/descriptor.ts';
import { OCI_INDEX } from '../../oci/media-types.ts';
import { isObject, type JsonObject } from '../../schema/reader.ts';
import { REF_NAME } from '../image-names.ts';
import { readIndexJson } from './layout-source.ts';

/** Content of the file `oci-layout`. */
export const OCI_LAYOUT = '{"imageLayoutVersion":"1.0.0"}';

/**
 * Puts named entries into a layout's `index.json`: an entry of the same name is replaced in its place, a new one goes to the end, all
 * else stays as it is, unknown fields included. The caller holds the layout's lock. Throws `STORE_INVALID` rather than overwrite an
 * index that cannot be read.
 */
export async function mergeIndexJson(directory: string, names: ReadonlyMap<string, Descriptor>): Promise<void> {
  const document = await readDocument(directory);
  const before: readonly unknown[] = Array.isArray(document['manifests']) ? document['manifests'] : [];
  const pending = new Map(names);
  const manifests: unknown[] = [];
  for (const entry of before) {
    const name = refName(entry);
    if (name === undefined || !names.has(name)) {
      manifests.push(entry);
      continue;
    }
    const descriptor = pending.get(name);
    pending.delete(name);
    if (descriptor !== undefined) manifests.push(entryJson(descriptor));
  }
  manifests.push(...[...pending.values()].map(entryJson));
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

async function readDocument(directory: string): Promise<JsonObject> {
  try {
    return (await readIndexJson(directory)).document;
  } catch (error) {
    if (!hasCode(error, 'IMAGE_NOT_FOUND')) throw error;
    return { schemaVersion: 2, mediaType: OCI_INDEX };
  }
}

function refName(entry: unknown): string | undefined {
  const annotations = isObject(entry) ? entry['annotations'] : undefined;
  const name = isObject(annotations) ? annotations[REF_NAME] : undefined;
  return typeof name === 'string' ? name : undefined;
}
