import { SlipwayError } from '../core/errors.ts';
import type { Blob } from '../ports/blob.ts';

/** A blob read in pieces: a piece that follows on the last one continues it, any other one begins at its offset. Close it at the end. */
export interface BlobReader {
  /** The bytes from `offset` on. The last piece of the blob ends with the end of its source, whose own check may throw there. */
  readonly read: (offset: number, length: number, signal: AbortSignal) => AsyncIterable<Uint8Array>;
  readonly close: () => void;
}

interface Position {
  readonly source: AsyncIterator<Uint8Array>;
  /** Where the next byte lies. */
  offset: number;
  /** Taken from the source and not read yet. */
  left: Uint8Array;
}

export function createBlobReader(blob: Blob): BlobReader {
  const { size, digest } = blob.descriptor;
  let position: Position | undefined;

  const close = (): void => {
    const open = position;
    position = undefined;
    // Not waited for: a source that hangs ends with its signal, and what its end throws is nobody's news any more.
    open?.source.return?.().catch(() => undefined);
  };
  /** The next bytes, at most so many; undefined at the end. */
  const take = async (from: Position, most: number): Promise<Uint8Array | undefined> => {
    if (from.left.byteLength === 0) {
      const next = await from.source.next();
      if (next.done === true) return undefined;
      from.left = next.value;
    }
    const part = from.left.subarray(0, most);
    from.left = from.left.subarray(part.byteLength);
    from.offset += part.byteLength;
    return part;
  };
  const seek = async (offset: number, signal: AbortSignal): Promise<Position> => {
    if (position?.offset === offset) return position;
    close();
    const isDirect = blob.openAt !== undefined && offset > 0;
    const source = (isDirect ? blob.openAt(offset, signal) : blob.open(signal))[Symbol.asyncIterator]();
    const opened: Position = { source, offset: isDirect ? offset : 0, left: new Uint8Array() };
    position = opened;
    while (opened.offset < offset) if ((await take(opened, offset - opened.offset)) === undefined) throw short(opened);
    return opened;
  };
  const short = ({ offset }: Position): SlipwayError => wrongLength(`after ${String(offset)}`);
  const wrongLength = (where: string): SlipwayError =>
    new SlipwayError('CONTENT_MISMATCH', `the source of blob ${digest} ended ${where} of ${String(size)} bytes`);

  return {
    close,
    read: async function* (offset, length, signal) {
      const from = await seek(offset, signal);
      const end = offset + length;
      while (from.offset < end) {
        const part = await take(from, end - from.offset);
        if (part === undefined) throw short(from);
        if (part.byteLength > 0) yield part;
      }
      if (end < size) return;
      for (let more = await take(from, 1); more !== undefined; more = await take(from, 1))
        if (more.byteLength > 0) throw wrongLength('with more than the end');
      position = undefined;
    },
  };
}
