import { join } from 'node:path';
import { streamOf } from '../core/bytes.ts';
import type { Context } from '../core/context.ts';
import { withLock } from '../core/lock-directory.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import type { BlobDirectory } from '../store/blob-directory.ts';
import { engineNameOf, IMAGE_NAME, REF_NAME, REPOSITORY } from '../store/image-names.ts';
import { storeEntries } from '../store/index-json.ts';
import { editIndexJson } from '../store/layout/index-file.ts';
import { LAYOUT_LOCK } from '../store/layout/layout-sink.ts';
import { servedEntries, type EntryPlace } from './layout-names.ts';

/** Annotations that say where an entry is. */
const NAMES: readonly string[] = [REF_NAME, IMAGE_NAME, REPOSITORY];

/** A layout that is written to. */
export interface WritableLayout {
  readonly directory: string;
  /** Repository of entries that name none. */
  readonly folder: string;
  readonly blobs: BlobDirectory;
}

/** What a delete names. */
export type DeleteTarget = { readonly repository: string } & ({ readonly tag: string } | { readonly digest: Digest });

interface PlacedEntry {
  readonly place: EntryPlace | undefined;
  readonly descriptor: Descriptor;
}

/** Stores a manifest under a tag, or without one. The manifest that had the tag stays, found by its digest. */
export async function writeManifest(
  layout: WritableLayout,
  place: EntryPlace,
  manifest: RawManifest,
  ctx: Context,
): Promise<void> {
  const { bytes, descriptor } = manifest;
  await layout.blobs.put({ descriptor, open: () => streamOf(bytes) }, ctx);
  await layout.blobs.flush();
  await edit(layout, ctx, (entries) => {
    const kept = entries.filter((entry) => place.tag === undefined || !isAt(entry, place));
    const isListed = place.tag === undefined && kept.some((entry) => holds(entry, place.repository, descriptor.digest));
    const added = isListed ? [] : [{ place, descriptor: placed(descriptor, place) }];
    // An entry without tag says nothing more once its manifest has one.
    const slim = kept.filter((entry) => place.tag === undefined || !isBare(entry, place.repository, descriptor.digest));
    return [...slim, ...added, ...orphans(entries, [...slim, ...added], place.repository)];
  });
}

/** Removes a tag, whose manifest stays; or a manifest with all its tags. False when there was nothing of the kind. */
export async function removeManifest(layout: WritableLayout, target: DeleteTarget, ctx: Context): Promise<boolean> {
  let isFound = false;
  await edit(layout, ctx, (entries) => {
    const kept = entries.filter((entry) =>
      'tag' in target ? !isAt(entry, target) : !holds(entry, target.repository, target.digest),
    );
    isFound = kept.length < entries.length;
    return 'tag' in target ? [...kept, ...orphans(entries, kept, target.repository)] : kept;
  });
  return isFound;
}

/** Changes the entries under the layout's lock. What cannot be placed stays as it is. */
async function edit(
  layout: WritableLayout,
  ctx: Context,
  change: (entries: readonly PlacedEntry[]) => readonly PlacedEntry[],
): Promise<void> {
  await withLock(join(layout.directory, LAYOUT_LOCK), ctx, () =>
    editIndexJson(layout.directory, (descriptors) =>
      change(place(layout, descriptors)).map(({ descriptor }) => descriptor),
    ),
  );
}

function place(layout: WritableLayout, descriptors: readonly Descriptor[]): readonly PlacedEntry[] {
  const entries = storeEntries(descriptors);
  const unnamed = entries.filter(({ descriptor }) => isUnnamed(descriptor));
  return entries.map((entry) => ({
    // Alone, so that the entry that another one hides is found too.
    place: servedEntries(layout.folder, isUnnamed(entry.descriptor) ? unnamed : [entry])[0],
    descriptor: entry.descriptor,
  }));
}

function isUnnamed({ annotations }: Descriptor): boolean {
  return NAMES.every((key) => annotations?.[key] === undefined);
}

function isAt({ place: at }: PlacedEntry, { repository, tag }: EntryPlace): boolean {
  return at?.repository === repository && at.tag === tag;
}

function holds({ place: at, descriptor }: PlacedEntry, repository: string, digest: Digest): boolean {
  return at?.repository === repository && descriptor.digest === digest;
}

function isBare(entry: PlacedEntry, repository: string, digest: Digest): boolean {
  return entry.place?.tag === undefined && holds(entry, repository, digest);
}

/** Manifests of the repository that lost their last entry, as entries without a tag. */
function orphans(
  before: readonly PlacedEntry[],
  after: readonly PlacedEntry[],
  repository: string,
): readonly PlacedEntry[] {
  const found = new Map<Digest, PlacedEntry>();
  for (const { place: at, descriptor } of before) {
    if (at?.repository !== repository || after.some((entry) => holds(entry, repository, descriptor.digest))) continue;
    found.set(descriptor.digest, { place: { repository }, descriptor: placed(descriptor, { repository }) });
  }
  return [...found.values()];
}

/** The descriptor as an entry for that place; other annotations and the platform stay. */
function placed(descriptor: Descriptor, { repository, tag }: EntryPlace): Descriptor {
  const others = Object.entries(descriptor.annotations ?? {}).filter(([key]) => !NAMES.includes(key));
  return { ...descriptor, annotations: { ...Object.fromEntries(others), ...namesOf(repository, tag) } };
}

function namesOf(repository: string, tag: string | undefined): Readonly<Record<string, string>> {
  if (tag === undefined) return { [REPOSITORY]: repository };
  const name = `${repository}:${tag}`;
  const engine = engineNameOf(name);
  return { [REF_NAME]: name, ...(engine === undefined ? {} : { [IMAGE_NAME]: engine }) };
}
