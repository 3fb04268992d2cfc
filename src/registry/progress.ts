import type { Context } from '../core/context.ts';
import type { Descriptor } from '../oci/descriptor.ts';

/** Bytes between two events. */
const STEP_BYTES = 1024 * 1024;

interface Transfer {
  readonly action: 'pull' | 'push';
  /** The repository, for a screen. */
  readonly target: string;
  readonly blob: Descriptor;
  /** Bytes that went before. */
  readonly from?: number;
}

/** The same bytes, with `blob.progress` events every MiB and at the end. */
export async function* withProgress(
  source: AsyncIterable<Uint8Array>,
  { action, target, blob, from = 0 }: Transfer,
  ctx: Context,
): AsyncIterable<Uint8Array> {
  let bytes = from;
  let shown = from;
  const show = (): void => {
    shown = bytes;
    ctx.emit({ type: 'blob.progress', action, target, digest: blob.digest, bytes, total: blob.size });
  };
  for await (const chunk of source) {
    bytes += chunk.byteLength;
    if (bytes - shown >= STEP_BYTES) show();
    yield chunk;
  }
  if (shown !== bytes) show();
}
