import { putBits, putCode } from './bits';
import { buildCodes, buildLengths } from './huffman';
import {
  DISTANCE_LENGTHS,
  HEADER_CODES,
  HEADER_COUNTS,
  HEADER_LENGTHS,
  HEADER_TOKENS,
  SYMBOL_LENGTHS,
} from './memory-map';
import { DISTANCES, SYMBOLS } from './symbols';

/** The head of a block with codes of its own: their code lengths, themselves in a code of 19 symbols (RFC 1951, 3.2.7). */

const REPEAT: u32 = 16;
const ZEROS: u32 = 17;
const MANY_ZEROS: u32 = 18;

let tokens: u32 = 0;
let symbols: u32 = 0;
let distances: u32 = 0;
let headerSymbols: u32 = 0;

/** Plans the head for the code lengths as they are, and returns its size in bits. */
export function planHeader(): u32 {
  symbols = SYMBOLS;
  while (load<u8>(SYMBOL_LENGTHS + symbols - 1) == 0) symbols--;
  distances = DISTANCES;
  while (load<u8>(DISTANCE_LENGTHS + distances - 1) == 0) distances--;
  tokens = 0;
  addTokens(SYMBOL_LENGTHS, symbols);
  addTokens(DISTANCE_LENGTHS, distances);
  buildLengths(HEADER_COUNTS, 19, 7, HEADER_LENGTHS);
  headerSymbols = 19;
  while (headerSymbols > 4 && load<u8>(HEADER_LENGTHS + symbolAt(headerSymbols - 1)) == 0) headerSymbols--;
  let bits: u32 = 5 + 5 + 4 + headerSymbols * 3;
  for (let symbol: u32 = 0; symbol < 19; symbol++) {
    const size = <u32>load<u8>(HEADER_LENGTHS + symbol) + extraBits(symbol);
    bits += load<u32>(HEADER_COUNTS + (symbol << 2)) * size;
  }
  return bits;
}

export function writeHeader(): void {
  putBits(symbols - 257, 5);
  putBits(distances - 1, 5);
  putBits(headerSymbols - 4, 4);
  for (let index: u32 = 0; index < headerSymbols; index++) putBits(load<u8>(HEADER_LENGTHS + symbolAt(index)), 3);
  buildCodes(HEADER_LENGTHS, 19, HEADER_CODES);
  for (let index: u32 = 0; index < tokens; index++) {
    const token = <u32>load<u16>(HEADER_TOKENS + (index << 1));
    const symbol = token & 0xff;
    putCode(load<u32>(HEADER_CODES + (symbol << 2)));
    putBits(token >> 8, extraBits(symbol));
  }
}

function addTokens(lengths: usize, size: u32): void {
  let at: u32 = 0;
  while (at < size) {
    const length = <u32>load<u8>(lengths + at);
    let run: u32 = 1;
    while (at + run < size && <u32>load<u8>(lengths + at + run) == length) run++;
    at += run;
    if (length != 0) {
      addToken(length, 0);
      run--;
    }
    while (run >= 3) run -= length == 0 ? addZeros(run) : addRepeat(run);
    for (; run > 0; run--) addToken(length, 0);
  }
}

function addZeros(run: u32): u32 {
  const taken = min<u32>(run, 138);
  if (taken < 11) addToken(ZEROS, taken - 3);
  else addToken(MANY_ZEROS, taken - 11);
  return taken;
}

function addRepeat(run: u32): u32 {
  const taken = min<u32>(run, 6);
  addToken(REPEAT, taken - 3);
  return taken;
}

function addToken(symbol: u32, extra: u32): void {
  store<u16>(HEADER_TOKENS + (tokens++ << 1), <u16>(symbol | (extra << 8)));
  const place = HEADER_COUNTS + (symbol << 2);
  store<u32>(place, load<u32>(place) + 1);
}

function extraBits(symbol: u32): u32 {
  return symbol < REPEAT ? 0 : symbol == REPEAT ? 2 : symbol == ZEROS ? 3 : 7;
}

/** The order of the RFC: 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1 15. */
function symbolAt(index: u32): u32 {
  if (index < 4) return index == 3 ? 0 : REPEAT + index;
  return (index & 1) == 0 ? 8 + ((index - 4) >> 1) : 7 - ((index - 5) >> 1);
}
