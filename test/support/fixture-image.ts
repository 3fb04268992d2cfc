import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImageConfig } from '../../src/oci/image-config.ts';
import { digestOf, parseDigest, type Digest } from '../../src/oci/digest.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { locationAtDigest, parseLocation } from '../../src/oci/location.ts';
import { decodeManifest, type RawManifest } from '../../src/oci/manifest.ts';
import { OCI_MANIFEST } from '../../src/oci/media-types.ts';
import type { Layer } from '../../src/ports/blob.ts';
import type { Image } from '../../src/ports/image.ts';
import type { ImageSource } from '../../src/ports/store.ts';

/** The linux/amd64 manifest of `fixtures/base/run-v1` and `run-single`. */
export const RUN_V1: Digest = parseDigest('sha256:092667d145d743cf2377c69d8b1359ac6f59ebf616814b6c929a53322ff5a6f3');

/** An image of a layout directory under any name, so that recorded references can be compared unedited. */
export function fixtureImage(directory: string, manifestDigest: Digest, requestedName: string): Image {
  const blob = (digest: Digest): string => join(directory, 'blobs', ...digest.split(':'));
  const read = (digest: Digest): RawManifest => {
    const bytes = readFileSync(blob(digest));
    return { bytes, descriptor: { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.byteLength } };
  };
  const rawManifest = read(manifestDigest);
  const manifest = decodeManifest(rawManifest, 'fixture');
  if (manifest.kind !== 'manifest') throw new Error('the fixture is an index');
  const rawConfig = readFileSync(blob(manifest.config.digest));
  const config = decodeImageConfig(rawConfig, 'fixture');
  const requested = parseLocation(requestedName);
  const open = (descriptor: Descriptor): AsyncIterable<Uint8Array> => createReadStream(blob(descriptor.digest));
  const source: ImageSource = {
    description: requestedName,
    has: (descriptor) => Promise.resolve(existsSync(blob(descriptor.digest))),
    open,
    resolve: () => Promise.resolve(rawManifest),
  };
  const layers = manifest.layers.map((descriptor, index): Layer => {
    const diffId = config.diffIds[index];
    if (diffId === undefined) throw new Error('the fixture lacks a diffID');
    return { descriptor, diffId, origins: [], open: () => open(descriptor) };
  });
  return {
    requested,
    pinned: locationAtDigest(requested, rawManifest.descriptor.digest),
    manifestDigest: rawManifest.descriptor.digest,
    manifest,
    rawManifest,
    config,
    rawConfig,
    platform: config.platform,
    layers,
    source,
  };
}
