import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { streamOf } from '../../src/core/bytes.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { readTar } from '../../src/tar/reader.ts';
import { parseObject } from './build-runs.ts';

/** The gzip blobs of a layout or cache folder, as paths. */
export function gzipBlobs(directory: string): readonly string[] {
  return blobs(directory).filter((path) =>
    readFileSync(path)
      .subarray(0, 2)
      .equals(Buffer.from([0x1f, 0x8b])),
  );
}

/** The JSON documents among the blobs that contain a text, as paths. */
export function documentsWith(directory: string, text: string): readonly string[] {
  return blobs(directory).filter((path) => {
    const bytes = readFileSync(path);
    return bytes.subarray(0, 1).toString() === '{' && bytes.includes(text);
  });
}

/** Names of all entries in all layers, as latin1, so that any bytes can be compared. */
export async function layerFiles(directory: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const path of gzipBlobs(directory))
    for await (const { header } of readTar(streamOf(gunzipSync(readFileSync(path))), path))
      names.push(Buffer.from(header.name).toString('latin1'));
  return names;
}

/** The one gzip blob whose tar holds an entry of this name. */
export function layerWith(directory: string, name: string): string {
  const [found, ...more] = gzipBlobs(directory).filter((path) => gunzipSync(readFileSync(path)).includes(name));
  if (found === undefined || more.length > 0) throw new Error(`${name} is not in one layer of ${directory}`);
  return found;
}

/** One byte near the end becomes another one: same size, wrong digest. */
export function damage(path: string): void {
  const bytes = readFileSync(path);
  const index = bytes.byteLength - 3;
  bytes.writeUInt8(bytes.readUInt8(index) ^ 1, index);
  writeFileSync(path, bytes);
}

/**
 * Puts another tar in the place of a layer, with every digest and size that names it following: a store that is sound in itself but
 * whose layer holds what no honest program would write. `documents` are the files that name the layer, outermost last; a document that
 * is a blob itself is renamed, and the next ones follow.
 */
export function swapLayer(directory: string, blob: string, tar: Buffer, documents: readonly string[]): void {
  const old = readFileSync(blob);
  const bytes = gzipSync(tar);
  const changes: Change[] = [{ from: digestOf(gunzipSync(old)), to: digestOf(tar) }, change(old, bytes)];
  writeFileSync(join(directory, 'blobs/sha256', hexOf(digestOf(bytes))), bytes);
  for (const path of documents) {
    const before = readFileSync(path);
    const after = Buffer.from(applied(before.toString(), changes));
    if (path.includes('/blobs/')) {
      changes.push(change(before, after));
      writeFileSync(join(directory, 'blobs/sha256', hexOf(digestOf(after))), after);
    } else {
      writeFileSync(path, after);
    }
  }
}

interface Change {
  readonly from: string;
  readonly to: string;
  readonly sizes?: readonly [number, number];
}

function change(before: Buffer, after: Buffer): Change {
  return { from: digestOf(before), to: digestOf(after), sizes: [before.byteLength, after.byteLength] };
}

/** Digests everywhere in the document; sizes in the descriptors that have the digest. */
function applied(text: string, changes: readonly Change[]): string {
  let document: unknown = parseObject(text);
  for (const each of changes) document = replaced(document, each);
  return JSON.stringify(document);
}

function replaced(value: unknown, change: Change): unknown {
  if (typeof value === 'string') return value.replaceAll(change.from, change.to);
  if (Array.isArray(value)) return value.map((each: unknown) => replaced(each, change));
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value))
    copy[key.replaceAll(change.from, change.to)] = replaced(each, change);
  if (change.sizes !== undefined && copy['digest'] === change.to) copy['size'] = change.sizes[1];
  return copy;
}

function blobs(directory: string): readonly string[] {
  const folder = join(directory, 'blobs/sha256');
  return readdirSync(folder).map((name) => join(folder, name));
}

function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}
