// Numbers and bytes that are the same on every run.

/** A generator (xorshift128) of unsigned 32-bit numbers. */
export function randomOf(seed) {
  let [a, b, c, d] = [seed | 1, 0x9e3779b9 ^ seed, 0x243f6a88, 0xb7e15162];
  const next = () => {
    const t = a ^ (a << 11);
    [a, b, c] = [b, c, d];
    d = d ^ (d >>> 19) ^ t ^ (t >>> 8);
    return d >>> 0;
  };
  for (let turn = 0; turn < 20; turn += 1) next();
  const unit = () => next() / 2 ** 32;
  return {
    next,
    /** From 0 below `end`. */
    below: (end) => Math.floor(unit() * end),
    /** Log-normal, by Box and Muller. */
    logNormal: (mean, deviation) =>
      Math.exp(mean + deviation * Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit())),
  };
}

/** Bytes that do not compress. */
export function randomBytes(random, size) {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let at = 0; at < words.length; at += 1) words[at] = random.next();
  return Buffer.from(words.buffer, 0, size);
}
