import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import {
  decodeManifest,
  MAX_MANIFEST_BYTES,
  type ImageIndex,
  type Manifest,
  type RawManifest,
} from '../oci/manifest.ts';
import type { ImageSource } from '../ports/store.ts';

export interface ReadManifest {
  readonly raw: RawManifest;
  readonly decoded: Manifest | ImageIndex;
}

/**
 * What a name leads to, decoded. Throws what `resolve` and `decodeManifest` throw, and `IMAGE_INVALID` beyond `MAX_MANIFEST_BYTES`.
 */
export async function readManifest(
  source: ImageSource,
  name: string | Digest | undefined,
  subject: string,
  ctx: Context,
): Promise<ReadManifest> {
  const raw = await source.resolve(name, ctx);
  checkManifestSize(raw.bytes.byteLength, subject);
  return { raw, decoded: decodeManifest(raw, subject) };
}

/** What an index lists: `readManifest` by digest, of the size that the index promises. */
export async function readChild(
  source: ImageSource,
  descriptor: Descriptor,
  subject: string,
  ctx: Context,
): Promise<ReadManifest> {
  const name = `${subject} (manifest ${descriptor.digest})`;
  checkManifestSize(descriptor.size, name);
  const read = await readManifest(source, descriptor.digest, name, ctx);
  const found = read.raw.bytes.byteLength;
  if (found === descriptor.size) return read;
  throw new SlipwayError(
    'IMAGE_INVALID',
    `${name} has ${String(found)} bytes, but its index says ${String(descriptor.size)}`,
  );
}

/** Throws `IMAGE_INVALID` for a manifest of more than `MAX_MANIFEST_BYTES`: before it is read, where the size is known. */
export function checkManifestSize(size: number, subject: string): void {
  if (size > MAX_MANIFEST_BYTES)
    throw new SlipwayError(
      'IMAGE_INVALID',
      `the manifest of ${subject} is larger than ${String(MAX_MANIFEST_BYTES)} bytes`,
    );
}
