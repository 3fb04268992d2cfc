import { open, rename, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { discard, uniqueSuffix, writeError } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { SlipwayError } from '../core/errors.ts';
import { makeDirectory } from '../core/make-directory.ts';
import type { Locator } from '../locate/locator.ts';
import { isDigest } from '../oci/digest.ts';
import { displayLocation, type Location } from '../oci/location.ts';
import type { Blob } from '../ports/blob.ts';
import { canFindBlob } from '../ports/store.ts';
import { targetOf } from '../store/select.ts';

/**
 * The blob that a location's digest names: any blob of that repository, layout or archive. Its stream is verified on the way.
 * Throws `ARGUMENT_INVALID` without a digest, `BLOB_NOT_FOUND`.
 */
export async function imageBlob(location: Location, stores: Locator, ctx: Context): Promise<Blob> {
  const digest = targetOf(location);
  if (digest === undefined || !isDigest(digest))
    throw new SlipwayError('ARGUMENT_INVALID', `${displayLocation(location)} names no blob`, {
      hint: 'add its digest: LOCATION@sha256:…',
    });
  const source = await stores.openSource(location, ctx);
  if (!canFindBlob(source)) throw new SlipwayError('NOT_SUPPORTED', `${source.description} has no blobs to ask for`);
  const descriptor = await source.findBlob(digest, ctx);
  if (descriptor === undefined)
    throw new SlipwayError('BLOB_NOT_FOUND', `there is no blob ${digest} in ${source.description}`, {
      hint: 'if it is the digest of a manifest: slipway image manifest',
    });
  return {
    descriptor,
    open: (signal) => source.open(descriptor, signal === undefined ? ctx : { ...ctx, signal }),
  };
}

/** Writes a blob to a file, which appears as a whole or not at all. Throws what reading throws, `WRITE_FAILED`, `DISK_FULL`. */
export async function saveBlob(blob: Blob, file: string, ctx: Context): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${uniqueSuffix()}`);
  try {
    await makeDirectory(dirname(file));
    await write(blob, temporary, ctx);
    await rename(temporary, file);
  } catch (error) {
    await discard(temporary);
    throw ctx.signal.aborted ? error : writeError(file, error);
  }
}

async function write(blob: Blob, path: string, ctx: Context): Promise<void> {
  await using handle = await open(path, 'wx', 0o666);
  for await (const chunk of blob.open(ctx.signal)) await writeWhole(handle, chunk);
  await handle.sync();
}

async function writeWhole(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.byteLength;) offset += (await handle.write(bytes, offset)).bytesWritten;
}
