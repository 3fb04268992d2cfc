/** A request's body, counted on the way, and cut off where a fault says. */
export interface CountedBody {
  readonly body: AsyncIterable<Uint8Array>;
  /** Bytes read so far. */
  readonly bytes: () => number;
  /** From now on the body breaks off after so many bytes, as if the client were gone. */
  readonly cutAfter: (bytes: number) => void;
}

export function countedBody(source: AsyncIterable<Uint8Array>): CountedBody {
  let bytes = 0;
  let limit = Number.POSITIVE_INFINITY;
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of source) {
      const part = chunk.subarray(0, limit - bytes);
      bytes += part.byteLength;
      if (part.byteLength > 0) yield part;
      if (bytes >= limit) throw new Error(`the request was cut after ${String(limit)} bytes`);
    }
  }
  return {
    body: counted(),
    bytes: () => bytes,
    cutAfter: (after) => {
      limit = after;
    },
  };
}
