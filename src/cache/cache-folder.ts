import { constants } from 'node:fs';
import { access, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../core/context.ts';
import { hasCode, isSystem, messageOf, SlipwayError } from '../core/errors.ts';
import { makeDirectory } from '../core/make-directory.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { DiffId } from '../oci/digest.ts';
import { noteFailure } from '../oci/verify-stream.ts';
import type { Layer } from '../ports/blob.ts';
import { BlobDirectory } from '../store/blob-directory.ts';

/** The parts of a cache folder (design §4): blobs are only added, `roots` and `diffs` hold small files replaced by rename. */
export const PARTS = { blobs: 'blobs/sha256', roots: 'roots', diffs: 'diffs/sha256' } as const;

/**
 * The folder itself, shared by the build cache and the layer store: any number of processes may have it open.
 */
export class CacheFolder {
  readonly directory: string;
  readonly blobs: BlobDirectory;

  constructor(directory: string) {
    this.directory = directory;
    this.blobs = new BlobDirectory(directory);
  }

  /** The layer when its blob is here with the right size; used blobs count as young for collection. */
  async find(diffId: DiffId, descriptor: Descriptor, ctx: Context): Promise<Layer | undefined> {
    if (!(await this.blobs.has(descriptor))) return undefined;
    await touch(this.blobs.path(descriptor.digest), ctx);
    return {
      descriptor,
      diffId,
      origins: [],
      open: (signal) => this.#open(descriptor, signal),
      openAt: (offset, signal) => this.blobs.openAt(descriptor, offset, signal),
    };
  }

  /** Keeps a layer's blob and returns its descriptor; no copy when it is here. */
  async keep(layer: Layer, ctx: Context): Promise<Descriptor> {
    const { mediaType, digest, size } = layer.descriptor;
    const descriptor = { mediaType, digest, size };
    const outcome = await this.blobs.put({ descriptor, open: (signal) => layer.open(signal) }, ctx);
    if (outcome === 'existed') await touch(this.blobs.path(digest), ctx);
    return descriptor;
  }

  /** Verified bytes. A blob that proves wrong is removed, so that the next build can store the right one. */
  #open(descriptor: Descriptor, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
    return noteFailure(this.blobs.open(descriptor, signal), async (error) => {
      if (hasCode(error, 'CONTENT_MISMATCH')) await removeFile(this.blobs.path(descriptor.digest));
    });
  }
}

/** Makes the folder when it is missing (GAP-3). Throws `WRITE_FAILED`, exit 1, when it is a file or cannot be written to. */
export async function openCacheFolder(directory: string): Promise<CacheFolder> {
  try {
    for (const part of ['', ...Object.values(PARTS)]) {
      await makeDirectory(join(directory, part), { mode: 0o755 });
      await access(join(directory, part), constants.R_OK | constants.W_OK | constants.X_OK);
    }
  } catch (error) {
    throw await unusable(directory, error);
  }
  return new CacheFolder(directory);
}

/** Sets the modification time to now; a file that is gone is not an error. */
export async function touch(path: string, ctx: Context): Promise<void> {
  const now = ctx.clock.now();
  try {
    await utimes(path, now, now);
  } catch (error) {
    // Another user's blob can be read but not touched.
    if (!isSystem(error, 'ENOENT', 'EPERM', 'EACCES', 'EROFS')) throw error;
  }
}

/** Removes a file; one that is gone, or that is another user's, is not an error. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'EPERM', 'EACCES', 'EROFS', 'EBUSY')) throw error;
  }
}

async function unusable(directory: string, error: unknown): Promise<SlipwayError> {
  const why = (await isFile(directory)) ? 'it is not a directory' : messageOf(error);
  return new SlipwayError('WRITE_FAILED', `cannot use ${directory} as a cache: ${why}`, {
    cause: error,
    exit: 1,
    hint: 'name a directory that this user may write to, or one that can be made',
  });
}

async function isFile(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isDirectory();
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return false;
    throw error;
  }
}
