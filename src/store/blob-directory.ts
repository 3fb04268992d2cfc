import { closeSync, fsync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { uniqueSuffix, writeError } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { hasCode, isSystem, SlipwayError } from '../core/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { algorithmOf, hexOf, type Digest } from '../oci/digest.ts';
import type { Blob } from '../ports/blob.ts';
import type { BlobStaging, PutOutcome, StagedBlob } from '../ports/store.ts';
import { readFileStream, type ReadFileOptions } from './read-file-stream.ts';
import { verifyStream } from '../oci/verify-stream.ts';

export interface BlobDirectoryOptions {
  /** Without it blobs are not flushed to the disk before they count: for spools that go with the process. */
  readonly isTransient?: boolean;
}

/** A blob on its way into the directory, which can be read before it is there. */
export interface StagedFile extends StagedBlob {
  /** What was written so far, from the start. Not after `commit` or `abort`. */
  readonly read: () => AsyncIterable<Uint8Array>;
}

/** Blobs up to this size are read again before they count as there: manifests and configs always are. */
const CHECKED_BYTES = 4 * 1024 * 1024;
const PROGRESS_BYTES = 4 * 1024 * 1024;
const flush = promisify(fsync);

/**
 * `<directory>/blobs/<algorithm>/<hex>`, one file a blob (image-spec, image-layout.md). A blob is written under a temporary name
 * beside its place, flushed and renamed: a file under its digest is whole. Any number of processes may share the directory.
 */
export class BlobDirectory implements BlobStaging {
  readonly #directory: string;
  readonly #isTransient: boolean;

  constructor(directory: string, options: BlobDirectoryOptions = {}) {
    this.#directory = directory;
    this.#isTransient = options.isTransient ?? false;
  }

  path(digest: Digest): string {
    return join(this.#directory, 'blobs', algorithmOf(digest), hexOf(digest));
  }

  /** True when there is a file of the descriptor's size under its digest; the bytes are not read. */
  async has(descriptor: Descriptor): Promise<boolean> {
    return (await this.size(descriptor.digest)) === descriptor.size;
  }

  /** Size of the blob's file in bytes; undefined when there is none. */
  async size(digest: Digest): Promise<number | undefined> {
    try {
      const found = await stat(this.path(digest));
      return found.isFile() ? found.size : undefined;
    } catch (error) {
      if (isSystem(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  /** Verified bytes. Throws `BLOB_NOT_FOUND`, and `CONTENT_MISMATCH` naming the file. */
  open(descriptor: Descriptor, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const path = this.path(descriptor.digest);
    return verifyStream(readBlob(path, descriptor, signal === undefined ? {} : { signal }), descriptor, path);
  }

  /** The bytes from an offset on, unverified. Throws `BLOB_NOT_FOUND`. */
  openAt(descriptor: Descriptor, offset: number, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    return readBlob(this.path(descriptor.digest), descriptor, { offset, ...(signal === undefined ? {} : { signal }) });
  }

  async put(blob: Blob, ctx: Context): Promise<PutOutcome> {
    const { descriptor } = blob;
    if (await this.#isSound(descriptor)) return 'existed';
    const staged = this.begin();
    try {
      const subject = `blob ${descriptor.digest}`;
      let [written, reported] = [0, 0];
      for await (const chunk of verifyStream(blob.open(ctx.signal), descriptor, subject)) {
        staged.write(chunk);
        written += chunk.byteLength;
        if (written - reported < PROGRESS_BYTES) continue;
        reported = written;
        this.#report(descriptor, written, ctx);
      }
      await staged.commit(descriptor);
      this.#report(descriptor, written, ctx);
      return 'written';
    } finally {
      staged.abort();
    }
  }

  begin(): StagedFile {
    const directory = join(this.#directory, 'blobs', 'sha256');
    const temporary = join(directory, `.blob.${uniqueSuffix()}`);
    const file = createFile(directory, temporary);
    let size = 0;
    let isOpen = true;
    const close = (): void => {
      if (isOpen) closeSync(file);
      isOpen = false;
    };
    const abort = (): void => {
      close();
      rmSync(temporary, { force: true });
    };
    return {
      write: (bytes) => {
        writeWhole(file, bytes, directory);
        size += bytes.byteLength;
      },
      read: () => readFileStream(temporary),
      commit: async (descriptor) => {
        if (size !== descriptor.size) {
          throw new SlipwayError('CONTENT_MISMATCH', `blob ${descriptor.digest} does not have the promised size`, {
            details: { promised: `${String(descriptor.size)} bytes`, found: `${String(size)} bytes` },
          });
        }
        const path = this.path(descriptor.digest);
        try {
          if (!(await this.#isSound(descriptor))) {
            if (!this.#isTransient) await flush(file);
            close();
            await mkdir(dirname(path), { recursive: true });
            await rename(temporary, path);
          }
        } catch (error) {
          throw writeError(path, error);
        } finally {
          abort();
        }
        return this.blob(descriptor);
      },
      abort,
    };
  }

  /** The blob of a descriptor, read from here. */
  blob(descriptor: Descriptor): Blob {
    return {
      descriptor,
      open: (signal) => this.open(descriptor, signal),
      openAt: (offset, signal) => this.openAt(descriptor, offset, signal),
    };
  }

  /** Flushes the names of blobs to the disk: before a file that refers to them is replaced. */
  async flush(): Promise<void> {
    for (const algorithm of ['sha256', 'sha512']) {
      const directory = join(this.#directory, 'blobs', algorithm);
      try {
        await using handle = await open(directory, 'r');
        await handle.sync();
      } catch (error) {
        // Some file systems cannot flush a directory; there the rename itself is all that can be had.
        if (!isSystem(error, 'ENOENT', 'EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM')) throw writeError(directory, error);
      }
    }
  }

  /** Whether a blob need not be written: a damaged manifest or config of the right size must not stay under its digest. */
  async #isSound(descriptor: Descriptor): Promise<boolean> {
    if (!(await this.has(descriptor))) return false;
    if (descriptor.size > CHECKED_BYTES) return true;
    try {
      await drain(this.open(descriptor));
      return true;
    } catch (error) {
      if (hasCode(error, 'CONTENT_MISMATCH', 'BLOB_NOT_FOUND')) return false;
      throw error;
    }
  }

  #report(descriptor: Descriptor, bytes: number, ctx: Context): void {
    const { digest, size: total } = descriptor;
    ctx.emit({ type: 'blob.progress', action: 'write', target: this.#directory, digest, bytes, total });
  }
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}

async function* readBlob(
  path: string,
  descriptor: Descriptor,
  options: ReadFileOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* readFileStream(path, { ...options, expectedBytes: descriptor.size });
  } catch (error) {
    if (!isSystem(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new SlipwayError('BLOB_NOT_FOUND', `blob ${descriptor.digest} is missing: ${path}`, { cause: error });
  }
}

function createFile(directory: string, path: string): number {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    return openSync(path, 'wx', 0o644);
  } catch (error) {
    throw writeError(directory, error);
  }
}

function writeWhole(file: number, bytes: Uint8Array, directory: string): void {
  try {
    for (let offset = 0; offset < bytes.byteLength;) offset += writeSync(file, bytes, offset);
  } catch (error) {
    throw writeError(directory, error);
  }
}
