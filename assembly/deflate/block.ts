import { align, out, putBits, putCode, setBits } from './bits';
import { planHeader, writeHeader } from './header';
import { buildCodes, buildLengths } from './huffman';
import {
  DISTANCE_CODES,
  DISTANCE_COUNTS,
  DISTANCE_LENGTHS,
  LENGTH_CODES,
  LENGTH_SYMBOLS,
  ODD_LITERAL_COUNTS,
  SYMBOL_CODES,
  SYMBOL_COUNTS,
  SYMBOL_LENGTHS,
} from './memory-map';
import { writeSequences } from './sequences';
import {
  distanceExtraBits,
  DISTANCES,
  END_OF_BLOCK,
  fixedLength,
  lengthExtraBits,
  LONGEST_MATCH,
  SYMBOLS,
} from './symbols';

const FIXED: u32 = 1;
const DYNAMIC: u32 = 2;

/** A stored block's length has 16 bits. */
const LONGEST_STORED: usize = 0xffff;

/** Writes the piece whose sequences were found last, in the smallest of the three forms. */
export function writeBlock(from: usize, to: usize, isFinal: u32): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    const place = SYMBOL_COUNTS + (byte << 2);
    store<u32>(place, load<u32>(place) + load<u32>(ODD_LITERAL_COUNTS + (byte << 2)));
  }
  store<u32>(SYMBOL_COUNTS + (END_OF_BLOCK << 2), 1);
  buildLengths(SYMBOL_COUNTS, SYMBOLS, 15, SYMBOL_LENGTHS);
  buildLengths(DISTANCE_COUNTS, DISTANCES, 15, DISTANCE_LENGTHS);

  let dynamic = planHeader();
  let fixed: u32 = 0;
  for (let symbol: u32 = 0; symbol < SYMBOLS; symbol++) {
    const times = load<u32>(SYMBOL_COUNTS + (symbol << 2));
    const extra = lengthExtraBits(symbol);
    dynamic += times * (<u32>load<u8>(SYMBOL_LENGTHS + symbol) + extra);
    fixed += times * (fixedLength(symbol) + extra);
  }
  for (let symbol: u32 = 0; symbol < DISTANCES; symbol++) {
    const times = load<u32>(DISTANCE_COUNTS + (symbol << 2));
    const extra = distanceExtraBits(symbol);
    dynamic += times * (<u32>load<u8>(DISTANCE_LENGTHS + symbol) + extra);
    fixed += times * (5 + extra);
  }
  const size = to - from;
  const stored = <u32>((size + ((size + LONGEST_STORED - 1) / LONGEST_STORED) * 5) << 3);
  if (size > 0 && stored <= min(dynamic, fixed)) writeStored(from, to, isFinal);
  else writeCoded(isFinal, fixed <= dynamic ? FIXED : DYNAMIC);
}

function writeStored(from: usize, to: usize, isFinal: u32): void {
  for (let at = from; at < to;) {
    const size = min(to - at, LONGEST_STORED);
    putBits(at + size == to ? isFinal : 0, 3);
    align();
    putBits((<u32>size) | (((<u32>size) ^ 0xffff) << 16), 32);
    memory.copy(out, at, size);
    setBits(0, 0, out + size);
    at += size;
  }
}

function writeCoded(isFinal: u32, form: u32): void {
  putBits(isFinal | (form << 1), 3);
  if (form == DYNAMIC) {
    writeHeader();
  } else {
    for (let symbol: u32 = 0; symbol < SYMBOLS + 2; symbol++) {
      store<u8>(SYMBOL_LENGTHS + symbol, <u8>fixedLength(symbol));
    }
    memory.fill(DISTANCE_LENGTHS, 5, DISTANCES);
  }
  buildCodes(SYMBOL_LENGTHS, form == FIXED ? SYMBOLS + 2 : SYMBOLS, SYMBOL_CODES);
  buildCodes(DISTANCE_LENGTHS, DISTANCES, DISTANCE_CODES);
  joinExtraBits();
  writeSequences();
  putCode(load<u32>(SYMBOL_CODES + (END_OF_BLOCK << 2)));
}

/** Codes of lengths get their extra bits; codes of distances, how many extra bits follow. */
function joinExtraBits(): void {
  for (let length: u32 = 3; length <= LONGEST_MATCH; length++) {
    const place = LENGTH_SYMBOLS + (length << 2);
    const code = load<u32>(SYMBOL_CODES + ((<u32>load<u16>(place)) << 2));
    const size = code >> 24;
    const bits = (code & 0xffff) | ((<u32>load<u8>(place, 3)) << size);
    store<u32>(LENGTH_CODES + (length << 2), bits | ((size + load<u8>(place, 2)) << 24));
  }
  for (let symbol: u32 = 0; symbol < DISTANCES; symbol++) {
    const place = DISTANCE_CODES + (symbol << 2);
    store<u32>(place, load<u32>(place) | (distanceExtraBits(symbol) << 16));
  }
}
