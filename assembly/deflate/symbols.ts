import { LENGTH_SYMBOLS } from './memory-map';

/** How many symbols RFC 1951 (3.2.5 and 3.2.7) has of each kind; two more of literals and lengths exist in fixed codes only. */
export const SYMBOLS: u32 = 286;
export const DISTANCES: u32 = 30;
export const END_OF_BLOCK: u32 = 256;
export const LONGEST_MATCH: u32 = 258;

/** Fills the table of match lengths. */
export function fillLengthSymbols(): void {
  let length: u32 = 3;
  for (let symbol: u32 = 257; symbol < 285; symbol++) {
    const extra = lengthExtraBits(symbol);
    for (let bits: u32 = 0; bits < (<u32>1) << extra; bits++) {
      store<u32>(LENGTH_SYMBOLS + (length++ << 2), symbol | (extra << 16) | (bits << 24));
    }
  }
  store<u32>(LENGTH_SYMBOLS + (LONGEST_MATCH << 2), 285);
}

export function lengthExtraBits(symbol: u32): u32 {
  return symbol < 265 || symbol > 284 ? 0 : (symbol - 261) >> 2;
}

/** `less` is the distance - 1. */
export function distanceSymbol(less: u32): u32 {
  if (less < 2) return less;
  const highest = 31 - clz(less);
  return (highest << 1) | ((less >> (highest - 1)) & 1);
}

export function distanceExtraBits(symbol: u32): u32 {
  return symbol < 4 ? 0 : (symbol >> 1) - 1;
}

/** Code length of a literal or length in fixed codes (RFC 1951, 3.2.6). */
export function fixedLength(symbol: u32): u32 {
  return symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
}
