import { SlipwayError } from '../core/errors.ts';
import { readDescriptor, type Descriptor } from '../oci/descriptor.ts';
import { compareBytes } from '../oci/go-json.ts';
import { encodeIndex, parseJson, type RawManifest } from '../oci/manifest.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { StoreEntry } from '../ports/store.ts';
import { describeIssues, isObject, ObjectReader, type JsonObject } from '../schema/reader.ts';
import { IMAGE_NAME, isSameName, REF_NAME, REPOSITORY } from './image-names.ts';
import { isAttestation } from './index-offers.ts';

/** The top of a layout or archive: `index.json` as read, and its entries. */
export interface IndexJson {
  readonly document: JsonObject;
  readonly entries: readonly Descriptor[];
}

/** Larger than any layout of thousands of images. */
export const MAX_INDEX_JSON_BYTES: number = 64 * 1024 * 1024;

/** Decodes `index.json`. Throws `STORE_INVALID` naming `subject`. */
export function decodeIndexJson(bytes: Uint8Array, subject: string): IndexJson {
  const document = parse(bytes, subject);
  const reader = new ObjectReader(document);
  const entries = reader.list('manifests', readDescriptor);
  if (reader.issues.length > 0)
    throw new SlipwayError('STORE_INVALID', `${subject} is malformed: ${describeIssues(reader.issues)}`);
  return { document: isObject(document) ? document : {}, entries };
}

/** What a name leads to: one entry, or a made index of the entries that share the name. */
export type FoundEntry =
  | { readonly kind: 'entry'; readonly descriptor: Descriptor }
  | { readonly kind: 'several'; readonly index: RawManifest; readonly entries: readonly Descriptor[] };

/**
 * The entry of a name: its `ref.name`, else its engine name, else either under the rules for short names. Without a name the only
 * image. Several entries of one name, or of none, are one image when they are for different platforms (contract GAP-2).
 * Throws `IMAGE_NOT_FOUND` and `IMAGE_AMBIGUOUS`, both with what is there.
 */
export function findEntry(entries: readonly Descriptor[], name: string | undefined, description: string): FoundEntry {
  const images = entries.filter((entry) => !isAttestation(entry));
  const matching = name === undefined ? mainOf(images) : named(images, name);
  const [first] = matching;
  if (first === undefined) throw notFound(images, name, description);
  const digests = new Set(matching.map((entry) => entry.digest));
  if (digests.size === 1) return { kind: 'entry', descriptor: first };
  if (isOneImage(matching))
    return {
      kind: 'several',
      index: encodeIndex({ mediaType: OCI_INDEX, manifests: matching, annotations: {} }),
      entries: matching,
    };
  throw new SlipwayError('IMAGE_AMBIGUOUS', `${description} holds ${String(digests.size)} images`, {
    details: { images: listed(matching) },
    hint: 'name one of them: add :NAME or @DIGEST to the location',
  });
}

/** Without those that are there for another one: children of an index and referrers, put by digest. */
function mainOf(images: readonly Descriptor[]): readonly Descriptor[] {
  const main = images.filter(
    (entry) => entryName(entry) !== undefined || entry.annotations?.[REPOSITORY] === undefined,
  );
  return main.length === 0 ? images : main;
}

function entryName(entry: Descriptor): string | undefined {
  return entry.annotations?.[REF_NAME] ?? entry.annotations?.[IMAGE_NAME];
}

export function storeEntries(entries: readonly Descriptor[]): readonly StoreEntry[] {
  return entries.map((descriptor) => ({ name: entryName(descriptor), descriptor }));
}

function named(entries: readonly Descriptor[], name: string): readonly Descriptor[] {
  const ways: readonly ((entry: Descriptor) => boolean)[] = [
    (entry) => entry.annotations?.[REF_NAME] === name,
    (entry) => entry.annotations?.[IMAGE_NAME] === name,
    (entry) =>
      [entry.annotations?.[REF_NAME], entry.annotations?.[IMAGE_NAME]].some(
        (other) => other !== undefined && /[:/]/.test(`${other}${name}`) && isSameName(other, name),
      ),
  ];
  for (const way of ways) {
    const found = entries.filter(way);
    if (found.length > 0) return found;
  }
  return [];
}

/** The same name everywhere (or none), and no platform twice. */
function isOneImage(entries: readonly Descriptor[]): boolean {
  const names = new Set(entries.map(entryName));
  const platforms = entries.flatMap((entry) => (entry.platform === undefined ? [] : [formatPlatform(entry.platform)]));
  return names.size === 1 && new Set(platforms).size === platforms.length;
}

function notFound(entries: readonly Descriptor[], name: string | undefined, description: string): SlipwayError {
  const what = name === undefined ? 'there is no image' : `there is no image "${name}"`;
  return new SlipwayError('IMAGE_NOT_FOUND', `${what} in ${description}`, {
    details: { images: entries.length === 0 ? 'none' : listed(entries) },
  });
}

function listed(entries: readonly Descriptor[]): string {
  const names = entries.map((entry) => {
    const platform = entry.platform === undefined ? '' : ` (${formatPlatform(entry.platform)})`;
    return `${entryName(entry) ?? `@${entry.digest}`}${platform}`;
  });
  const shown = [...new Set(names)].sort(compareBytes);
  return shown.length > 20
    ? `${shown.slice(0, 20).join(', ')} and ${String(shown.length - 20)} more`
    : shown.join(', ');
}

function parse(bytes: Uint8Array, subject: string): unknown {
  try {
    return parseJson(bytes, subject);
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    throw new SlipwayError('STORE_INVALID', error.message, { cause: error });
  }
}
