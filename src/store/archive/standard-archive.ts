import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { uniqueSuffix, writeError } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, messageOf, SlipwayError } from '../../core/errors.ts';
import { READER_GONE, type StandardInput, type StandardOutput } from '../../ports/standard-streams.ts';
import type { ImageSink, StagingSink } from '../../ports/store.ts';
import type { ArchivePart } from './archive-parts.ts';
import { openTargetSink, type ArchiveSinkOptions } from './archive-sink.ts';
import { openArchive, type ArchiveSource } from './archive-source.ts';
import { encodeArchive } from './write-archive.ts';

/** What is kept of standard input at most: 16 GiB, several times the largest images. */
const MAX_SPOOLED_BYTES: number = 16 * 1024 ** 3;

const INPUT = 'standard input';
const OUTPUT = 'standard output';

/**
 * Standard input as an archive: it is kept in `ctx.tmp`, where nothing has its name, then read and verified like any other.
 * Throws `STORE_INVALID` when it is empty, no archive or more than `maxBytes`, `ARCHIVE_INVALID` when it is damaged or cut off,
 * `FILE_NOT_READABLE`, `DISK_FULL`.
 */
export async function openStandardArchive(
  input: StandardInput,
  ctx: Context,
  options: { readonly maxBytes?: number } = {},
): Promise<ArchiveSource> {
  const path = join(ctx.tmp, `.standard-input.${uniqueSuffix()}`);
  try {
    await spool(bounded(input.read(ctx.signal), options.maxBytes ?? MAX_SPOOLED_BYTES), path, ctx);
    return await openArchive(path, ctx, { shown: INPUT });
  } finally {
    await rm(path, { force: true });
  }
}

/**
 * An archive on standard output: blobs are kept in `ctx.tmp`, and the tar is written at `commit`. Before that nothing is written; what
 * was written when it fails cannot be taken back. Throws `WRITE_FAILED` (exit 141 when the reader went away) or `DISK_FULL`.
 */
export function openStandardSink(
  output: StandardOutput,
  ctx: Context,
  options: ArchiveSinkOptions,
): ImageSink & StagingSink {
  return openTargetSink(
    { description: `${options.format}-archive:-`, write: (parts, inner) => writeOutput(output, parts, inner) },
    ctx,
    options,
  );
}

async function spool(bytes: AsyncIterable<Uint8Array>, path: string, ctx: Context): Promise<void> {
  try {
    // Open before anything can fail: a stream that opens by itself may make the file after it was removed.
    await using file = await open(path, 'wx', 0o600);
    await pipeline(bytes, file.createWriteStream(), { signal: ctx.signal });
  } catch (error) {
    ctx.signal.throwIfAborted();
    throw writeError(path, error);
  }
}

/** Passes the input on; empty or too long, or a failure to read it, is an error of ours. */
async function* bounded(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0;
  for await (const chunk of reading(source)) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new SlipwayError(
        'STORE_INVALID',
        `${INPUT} is longer than ${String(maxBytes)} bytes, the most that is kept`,
        {
          hint: 'write the archive to a file and name that in the place of -',
        },
      );
    }
    yield chunk;
  }
  if (size === 0) {
    throw new SlipwayError('STORE_INVALID', `${INPUT} is empty`, {
      hint: 'pipe an archive in; if one was piped in, the program before the pipe failed: see what it said',
    });
  }
}

async function* reading(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* source;
  } catch (error) {
    throw new SlipwayError('FILE_NOT_READABLE', `cannot read ${INPUT}: ${messageOf(error)}`, { cause: error });
  }
}

async function writeOutput(output: StandardOutput, parts: readonly ArchivePart[], ctx: Context): Promise<number> {
  let size = 0;
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of encodeArchive(parts, ctx.signal)) {
      yield chunk;
      size += chunk.byteLength;
    }
  }
  try {
    await output.write(counted(), ctx.signal);
    return size;
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (!isSystem(error, 'EPIPE')) throw writeError(OUTPUT, error);
    throw new SlipwayError('WRITE_FAILED', `${OUTPUT} was closed before the archive was written`, {
      exit: READER_GONE,
      hint: 'the program behind the pipe ended early: see what it said',
      cause: error,
    });
  }
}
