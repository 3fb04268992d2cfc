import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { uniqueSuffix, writeError } from '../../core/atomic-file.ts';
import { collect } from '../../core/bytes.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, messageOf, SlipwayError } from '../../core/errors.ts';
import { readHandleStream } from '../read-file-stream.ts';
import { indexTar, type TarIndex, type TarRegion } from './tar-index.ts';

/** An open tar whose files are read by offset. The file stays readable when another takes its name. */
export interface ArchiveFile extends AsyncDisposable {
  readonly entries: TarIndex;
  readonly read: (region: TarRegion, signal?: AbortSignal) => AsyncIterable<Uint8Array>;
  /** The whole tar, uncompressed. */
  readonly readAll: (signal?: AbortSignal) => AsyncIterable<Uint8Array>;
  /** A small file's bytes; undefined when there is none. More than `maxBytes` is `STORE_INVALID`. */
  readonly readSmall: (name: string, maxBytes: number) => Promise<Uint8Array | undefined>;
}

export interface OpenArchiveOptions {
  /** What errors call the archive; default: its path. */
  readonly shown?: string;
}

/** What a compressed archive may unpack to. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024 * 1024;

/**
 * Opens a tar, plain or gzip (which is unpacked into `ctx.tmp`). Throws `IMAGE_NOT_FOUND` when there is no file, `STORE_INVALID` when it
 * is no tar, `ARCHIVE_INVALID` when it is damaged or cut off.
 */
export async function openArchiveFile(
  path: string,
  ctx: Context,
  options: OpenArchiveOptions = {},
): Promise<ArchiveFile> {
  const file = options.shown ?? path;
  const handle = await openFile(path);
  let plain = handle;
  try {
    const head = (await handle.read(Buffer.alloc(512), 0, 512, 0)).buffer;
    const codec = codecOf(head);
    if (codec !== undefined) {
      throw new SlipwayError('STORE_INVALID', `${file} is compressed with ${codec}, which is not supported here`, {
        hint: 'unpack it, or use gzip',
      });
    }
    if (isGzip(head)) {
      plain = await unpack(handle, file, ctx);
      await handle.close();
    }
    return await openTar(plain, file);
  } catch (error) {
    await handle.close();
    await plain.close();
    throw error;
  }
}

async function openTar(handle: FileHandle, file: string): Promise<ArchiveFile> {
  const { size } = await handle.stat();
  const entries = await indexTar(handle, size, file);
  const read = (region: TarRegion, signal?: AbortSignal): AsyncIterable<Uint8Array> =>
    readHandleStream(handle, {
      offset: region.offset,
      length: region.size,
      ...(signal === undefined ? {} : { signal }),
    });
  return {
    entries,
    read,
    readAll: (signal) => read({ offset: 0, size }, signal),
    readSmall: async (name, maxBytes) => {
      const region = entries.get(name);
      if (region === undefined) return undefined;
      if (region.size > maxBytes)
        throw new SlipwayError('STORE_INVALID', `${name} in ${file} is larger than ${String(maxBytes)} bytes`);
      return collect(read(region), maxBytes, `${name} in ${file}`);
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    if ((await stat(file)).isDirectory()) {
      throw new SlipwayError('STORE_INVALID', `${file} is a directory, not an archive`, {
        hint: 'an OCI layout directory is read with oci:DIR',
      });
    }
    return await open(file, 'r');
  } catch (error) {
    if (isSystem(error, 'ENOENT', 'ENOTDIR'))
      throw new SlipwayError('IMAGE_NOT_FOUND', `there is no archive ${file}`, { cause: error });
    if (isSystem(error, 'EACCES', 'EPERM', 'ELOOP', 'EIO'))
      throw new SlipwayError('FILE_NOT_READABLE', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
    throw error;
  }
}

/** Unpacks gzip into a file without a name in `ctx.tmp`: blobs are then read by offset. */
async function unpack(handle: FileHandle, file: string, ctx: Context): Promise<FileHandle> {
  const path = join(ctx.tmp, `.archive.${uniqueSuffix()}`);
  let size = 0;
  const limit = new Transform({
    transform: (chunk: Uint8Array, _encoding, done) => {
      size += chunk.byteLength;
      if (size <= MAX_UNPACKED_BYTES) done(null, chunk);
      else
        done(new SlipwayError('ARCHIVE_INVALID', `${file} unpacks to more than ${String(MAX_UNPACKED_BYTES)} bytes`));
    },
  });
  try {
    const source = Readable.from(readHandleStream(handle), { objectMode: false });
    // Open before anything can fail: a stream that opens by itself may make the file after it was removed.
    await using target = await open(path, 'wx', 0o600);
    await pipeline(source, createGunzip(), limit, target.createWriteStream(), { signal: ctx.signal });
    return await open(path, 'r');
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
      throw new SlipwayError('ARCHIVE_INVALID', `${file} is damaged or cut off: ${error.message}`, { cause: error });
    throw writeError(path, error);
  } finally {
    await rm(path, { force: true });
  }
}

function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

function codecOf(head: Uint8Array): string | undefined {
  const start = Buffer.from(head.subarray(0, 6)).toString('latin1');
  if (start.startsWith('\u0028\u00b5\u002f\u00fd')) return 'zstd';
  if (start.startsWith('\u00fd7zXZ')) return 'xz';
  return start.startsWith('BZh') ? 'bzip2' : undefined;
}
