/** A generator of equal numbers on every machine: 0 to 65535. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  };
}

/** Bytes like those of a layer, equal on every machine: words, what was there before, runs of one byte, and what does not compress. */
export function compressibleBytes(size: number, seed: number): Buffer {
  const next = numbers(seed);
  const words = Array.from({ length: 200 }, () => Buffer.from(next().toString(36) + next().toString(29)));
  const bytes = Buffer.alloc(size);
  let at = 0;
  while (at < size) {
    const length = 1 + (next() % 900);
    const kind = next() % 8;
    if (kind === 0) {
      bytes.fill(next() & 0xff, at, Math.min(at + length, size));
      at += length;
    } else if (kind === 1) {
      for (let left = length; left > 0; left -= 1) bytes[at++] = next() & 0xff;
    } else if (kind === 2 && at > 0) {
      const distance = 1 + (next() % Math.min(at, 40_000));
      for (let left = length; left > 0 && at < size; left -= 1, at += 1) bytes[at] = bytes[at - distance] ?? 0;
    } else {
      for (let left = length; left > 0 && at < size; left -= 8)
        at += words[next() % words.length]?.copy(bytes, at) ?? 1;
    }
  }
  return bytes;
}
