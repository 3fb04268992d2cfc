import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { uniqueSuffix, writeError } from '../../core/atomic-file.ts';
import type { Context } from '../../core/context.ts';
import { messageOf, SlipwayError } from '../../core/errors.ts';
import type { StandardInput } from '../../ports/standard-streams.ts';

/** What is kept of standard input at most: 16 GiB, several times the largest images. */
const MAX_SPOOLED_BYTES: number = 16 * 1024 ** 3;

/** How messages call it. */
export const STANDARD_INPUT = 'standard input';

/** A file of `ctx.tmp` that goes when it is disposed. */
export interface KeptInput extends AsyncDisposable {
  readonly path: string;
}

/**
 * All of standard input as a file, for readers that go back and forth. Throws `STORE_INVALID` when it is empty or more than `maxBytes`,
 * `FILE_NOT_READABLE`, `DISK_FULL`.
 */
export async function keepStandardInput(
  input: StandardInput,
  ctx: Context,
  options: { readonly maxBytes?: number } = {},
): Promise<KeptInput> {
  const path = join(ctx.tmp, `.standard-input.${uniqueSuffix()}`);
  const remove = (): Promise<void> => rm(path, { force: true });
  try {
    await spool(bounded(input.read(ctx.signal), options.maxBytes ?? MAX_SPOOLED_BYTES), path, ctx);
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, [Symbol.asyncDispose]: remove };
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
        `${STANDARD_INPUT} is longer than ${String(maxBytes)} bytes, the most that is kept`,
        {
          hint: 'write the archive to a file and name that in the place of -',
        },
      );
    }
    yield chunk;
  }
  if (size === 0) {
    throw new SlipwayError('STORE_INVALID', `${STANDARD_INPUT} is empty`, {
      hint: 'pipe an archive in; if one was piped in, the program before the pipe failed: see what it said',
    });
  }
}

async function* reading(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* source;
  } catch (error) {
    throw new SlipwayError('FILE_NOT_READABLE', `cannot read ${STANDARD_INPUT}: ${messageOf(error)}`, { cause: error });
  }
}
