import { writeError } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { isSystem, SlipwayError } from '../../core/errors.ts';
import { READER_GONE, type StandardInput, type StandardOutput } from '../../ports/standard-streams.ts';
import type { ImageSink, StagingSink } from '../../ports/store.ts';
import type { ArchivePart } from './archive-parts.ts';
import { openTargetSink, type ArchiveSinkOptions } from './archive-sink.ts';
import { openArchive, type ArchiveSource } from './archive-source.ts';
import { keepStandardInput, STANDARD_INPUT } from './standard-input.ts';
import { encodeArchive } from './write-archive.ts';

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
  await using kept = await keepStandardInput(input, ctx, options);
  return await openArchive(kept.path, ctx, { shown: STANDARD_INPUT });
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
