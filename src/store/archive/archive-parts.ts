import { streamOf } from '../../core/bytes.ts';
import type { Context } from '../../core/context.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { algorithmOf, hexOf, type Digest } from '../../oci/digest.ts';
import { compareBytes, goJson } from '../../oci/go-json.ts';
import { decodeManifest, encodeIndex, type Manifest, type RawManifest } from '../../oci/manifest.ts';
import { OCI_INDEX } from '../../oci/media-types.ts';
import { BlobDirectory } from '../blob-directory.ts';
import { IMAGE_NAME, REPOSITORY } from '../image-names.ts';
import { isAttestation } from '../index-offers.ts';
import { OCI_LAYOUT } from '../layout/index-file.ts';
import { openLayout } from '../layout/layout-source.ts';
import { walkImage } from '../walk.ts';

/** A file of an archive to be written. `open` streams exactly `size` bytes. */
export interface ArchivePart {
  readonly name: string;
  readonly size: number;
  readonly open: (signal?: AbortSignal) => AsyncIterable<Uint8Array>;
}

export interface ArchiveContents {
  /** A directory with the blobs, and the index as its `index.json`. */
  readonly spool: string;
  readonly index: Uint8Array;
  readonly entries: readonly Descriptor[];
  readonly format: 'oci' | 'docker';
}

export function encodeTopIndex(entries: readonly Descriptor[]): Uint8Array {
  return encodeIndex({ mediaType: OCI_INDEX, manifests: entries, annotations: {} }).bytes;
}

/** The files in their order: what a reader needs first, then the blobs that the entries reach, sorted by name. */
export async function archiveParts(contents: ArchiveContents, ctx: Context): Promise<readonly ArchivePart[]> {
  const { spool, entries } = contents;
  const source = openLayout(spool);
  const directory = new BlobDirectory(spool);
  const manifests = new Map<Digest, RawManifest>();
  const reached = new Map<Digest, Descriptor>();
  for (const entry of entries) {
    const walked = await walkImage(source, entry.digest, ctx);
    for (const manifest of walked.manifests) manifests.set(manifest.descriptor.digest, manifest);
    for (const blob of [...walked.manifests.map(({ descriptor }) => descriptor), ...walked.blobs]) {
      // Layers that are kept elsewhere by licence are not in the archive.
      if (await directory.has(blob)) reached.set(blob.digest, blob);
    }
  }
  const blobs = [...reached.values()].map((blob) => ({
    name: blobName(blob),
    size: blob.size,
    open: (signal?: AbortSignal) => directory.open(blob, signal),
  }));
  return [
    bytesPart('oci-layout', Buffer.from(OCI_LAYOUT)),
    bytesPart('index.json', contents.index),
    ...(contents.format === 'docker' ? [bytesPart('manifest.json', dockerManifest(entries, manifests, ctx))] : []),
    ...blobs.sort((a, b) => compareBytes(a.name, b.name)),
  ];
}

function blobName(descriptor: Descriptor): string {
  return `blobs/${algorithmOf(descriptor.digest)}/${hexOf(descriptor.digest)}`;
}

function bytesPart(name: string, bytes: Uint8Array): ArchivePart {
  return { name, size: bytes.byteLength, open: () => streamOf(bytes) };
}

/** Docker's `manifest.json`: one element an image, with all its names. */
function dockerManifest(
  entries: readonly Descriptor[],
  manifests: ReadonlyMap<Digest, RawManifest>,
  ctx: Context,
): Uint8Array {
  const images = new Map<string, { readonly manifest: Manifest; readonly names: string[] }>();
  for (const entry of entries.filter(({ annotations }) => annotations?.[REPOSITORY] === undefined)) {
    const manifest = imageOf(entry.digest, manifests, ctx);
    if (manifest === undefined) continue;
    const image = images.get(manifest.config.digest) ?? { manifest, names: [] };
    const name = entry.annotations?.[IMAGE_NAME];
    if (name !== undefined && !image.names.includes(name)) image.names.push(name);
    images.set(manifest.config.digest, image);
  }
  const list = [...images.values()].map(({ manifest, names }) => ({
    Config: blobName(manifest.config),
    RepoTags: names,
    Layers: manifest.layers.map(blobName),
  }));
  return Buffer.from(goJson(list));
}

/** The manifest itself, or the first image of an index: `manifest.json` has no platforms. */
function imageOf(digest: Digest, manifests: ReadonlyMap<Digest, RawManifest>, ctx: Context): Manifest | undefined {
  const raw = manifests.get(digest);
  if (raw === undefined) return undefined;
  const decoded = decodeManifest(raw, `manifest ${digest}`);
  if (decoded.kind === 'manifest') return decoded;
  const children = decoded.manifests.filter((child) => !isAttestation(child));
  if (children.length > 1) {
    const message = 'manifest.json of the archive names the first platform only; the OCI layout in it has them all';
    ctx.emit({ type: 'warning', code: 'ARCHIVE_ONE_PLATFORM', message });
  }
  for (const child of children) {
    const found = imageOf(child.digest, manifests, ctx);
    if (found !== undefined) return found;
  }
  return undefined;
}
