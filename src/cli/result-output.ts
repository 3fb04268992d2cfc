import { streamOf } from '../core/bytes.ts';
import { writeError } from '../core/atomic-file.ts';
import type { Context } from '../core/context.ts';
import { isSystem, SlipwayError } from '../core/errors.ts';
import type { Machine } from '../platform/machine.ts';
import { READER_GONE } from '../ports/standard-streams.ts';
import { noteFailure } from '../oci/verify-stream.ts';

/** Lines as the result on standard output. Throws as `writeBytes`. */
export async function writeLines(machine: Machine, lines: readonly string[], ctx: Context): Promise<void> {
  const text = lines.map((line) => `${line}\n`).join('');
  if (text !== '') await writeBytes(machine, streamOf(Buffer.from(text)), ctx);
}

/** One JSON document, versioned as events are. */
export async function writeJson(
  machine: Machine,
  document: Readonly<Record<string, unknown>>,
  ctx: Context,
): Promise<void> {
  await writeLines(machine, [JSON.stringify({ v: 1, ...document })], ctx);
}

/** Bytes as the result on standard output. Throws `WRITE_FAILED` (exit 141 when the reader went away), `DISK_FULL`, what reading throws. */
export async function writeBytes(machine: Machine, bytes: AsyncIterable<Uint8Array>, ctx: Context): Promise<void> {
  const { standard } = machine;
  if (standard === undefined) throw new SlipwayError('NOT_SUPPORTED', 'there is no standard output here');
  let readFailure: { readonly error: unknown } | undefined;
  const watched = noteFailure(bytes, (error) => {
    readFailure = { error };
  });
  try {
    await standard.output.write(watched, ctx.signal);
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (readFailure !== undefined) throw readFailure.error;
    if (!isSystem(error, 'EPIPE')) throw writeError('standard output', error);
    throw new SlipwayError('WRITE_FAILED', 'nobody reads standard output any more', {
      exit: READER_GONE,
      cause: error,
    });
  }
}
