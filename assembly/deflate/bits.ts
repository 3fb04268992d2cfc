/** Bits on their way out, lowest first. Between calls fewer than 8 wait in the buffer; 8 bytes behind `out` may be written. */
export let buffer: u64 = 0;
export let count: u32 = 0;
export let out: usize = 0;

/** Goes on at `at` with `waiting` bits, for those who keep the three in variables of their own. */
export function setBits(bits: u64, waiting: u32, at: usize): void {
  buffer = bits;
  count = waiting;
  out = at;
}

/** At most 32 bits. */
export function putBits(value: u32, size: u32): void {
  buffer |= (<u64>value) << count;
  count += size;
  store<u64>(out, buffer);
  out += count >> 3;
  buffer >>= count & 0x38;
  count &= 7;
}

/** A code as `memory-map` describes it. */
export function putCode(code: u32): void {
  putBits(code & 0xffffff, code >> 24);
}

/** Zeros up to the next byte. */
export function align(): void {
  if (count > 0) putBits(0, 8 - count);
}
