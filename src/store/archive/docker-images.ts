import type { Context } from '../../core/context.ts';
import { SlipwayError } from '../../core/errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { digester, digestOf, parseDigest, type Digest } from '../../oci/digest.ts';
import { decodeImageConfig } from '../../oci/image-config.ts';
import { encodeManifest, parseJson, type RawManifest } from '../../oci/manifest.ts';
import { DOCKER_CONFIG, DOCKER_MANIFEST, layerMediaType, type LayerCompression } from '../../oci/media-types.ts';
import { describeIssues, ObjectReader } from '../../schema/reader.ts';
import { engineNameOf, IMAGE_NAME } from '../image-names.ts';
import type { ArchiveFile } from './archive-file.ts';
import type { TarRegion } from './tar-index.ts';

/** The images of a `docker save` archive without OCI layout, as entries, made manifests and where their blobs lie. */
export interface DockerImages {
  readonly entries: readonly Descriptor[];
  readonly manifests: ReadonlyMap<Digest, RawManifest>;
  readonly blobs: ReadonlyMap<Digest, TarRegion>;
}

const MAX_JSON_BYTES = 32 * 1024 * 1024;

interface ListedImage {
  readonly config: string;
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

/**
 * Reads `manifest.json`: for each image a Docker manifest is made from the config and the layers as they lie in the archive. A plain
 * layer's digest is its diffID, which is checked when the layer is read; a compressed one is hashed here, since nothing names it.
 * Throws `STORE_INVALID` or `IMAGE_INVALID` naming the file.
 */
export async function readDockerImages(archive: ArchiveFile, file: string, ctx: Context): Promise<DockerImages> {
  const entries: Descriptor[] = [];
  const manifests = new Map<Digest, RawManifest>();
  const blobs = new Map<Digest, TarRegion>();
  for (const image of await listImages(archive, file)) {
    const config = await archive.readSmall(image.config, MAX_JSON_BYTES);
    const region = archive.entries.get(image.config);
    if (config === undefined || region === undefined) throw missing(image.config, file);
    const { diffIds } = decodeImageConfig(config, `${image.config} in ${file}`);
    if (diffIds.length !== image.layers.length) {
      const counts = `${String(image.layers.length)} layers but ${String(diffIds.length)} diffIDs`;
      throw new SlipwayError('IMAGE_INVALID', `the image ${image.names[0] ?? image.config} in ${file} has ${counts}`);
    }
    const configDescriptor = { mediaType: DOCKER_CONFIG, digest: digestOf(config), size: config.byteLength };
    blobs.set(configDescriptor.digest, region);
    const layers: Descriptor[] = [];
    for (const [at, diffId] of diffIds.entries()) {
      const path = image.layers[at] ?? '';
      const layer = archive.entries.get(path);
      if (layer === undefined) throw missing(path, file);
      const descriptor = await describeLayer(archive, layer, parseDigest(diffId), ctx);
      blobs.set(descriptor.digest, layer);
      layers.push(descriptor);
    }
    const manifest = encodeManifest({ mediaType: DOCKER_MANIFEST, config: configDescriptor, layers, annotations: {} });
    manifests.set(manifest.descriptor.digest, manifest);
    entries.push(...entriesOf(manifest, image.names));
  }
  return { entries, manifests, blobs };
}

async function listImages(archive: ArchiveFile, file: string): Promise<readonly ListedImage[]> {
  const bytes = await archive.readSmall('manifest.json', MAX_JSON_BYTES);
  if (bytes === undefined) {
    const isOld = archive.entries.has('repositories');
    throw new SlipwayError(
      'STORE_INVALID',
      `${file} is not an image archive: it has no index.json and no manifest.json`,
      {
        hint: isOld
          ? 'it was saved by a Docker before 1.10: save it again with a current one'
          : 'an OCI layout in a tar, or what docker save writes, was expected',
      },
    );
  }
  const subject = `manifest.json in ${file}`;
  const reader = new ObjectReader({ images: parseJson(bytes, subject) });
  const images = reader.list('images', (image) => ({
    config: image.string('Config'),
    names: image.strings('RepoTags'),
    layers: image.strings('Layers'),
  }));
  if (reader.issues.length > 0)
    throw new SlipwayError('STORE_INVALID', `${subject} is malformed: ${describeIssues(reader.issues)}`);
  return images;
}

async function describeLayer(
  archive: ArchiveFile,
  region: TarRegion,
  diffId: Digest,
  ctx: Context,
): Promise<Descriptor> {
  const compression = await compressionOf(archive, region);
  const mediaType = layerMediaType('docker', compression);
  if (compression === 'none') return { mediaType, digest: diffId, size: region.size };
  const hash = digester();
  for await (const chunk of archive.read(region, ctx.signal)) hash.update(chunk);
  return { mediaType, digest: hash.digest(), size: region.size };
}

async function compressionOf(archive: ArchiveFile, region: TarRegion): Promise<LayerCompression> {
  for await (const head of archive.read({ offset: region.offset, size: Math.min(4, region.size) })) {
    if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
    if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  }
  return 'none';
}

function entriesOf(manifest: RawManifest, names: readonly string[]): readonly Descriptor[] {
  if (names.length === 0) return [manifest.descriptor];
  return names.map((name) => ({
    ...manifest.descriptor,
    annotations: { [IMAGE_NAME]: engineNameOf(name) ?? name },
  }));
}

function missing(path: string, file: string): SlipwayError {
  return new SlipwayError('STORE_INVALID', `${file} lists ${JSON.stringify(path)}, which is not in it`, {
    hint: 'the archive is incomplete: save it again',
  });
}
