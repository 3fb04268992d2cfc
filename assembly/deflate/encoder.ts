import { align, out, putBits, setBits } from './bits';
import { writeBlock } from './block';
import { DATA, OUTPUT } from './memory-map';
import { findMatches, startMatches } from './matches';
import { fillLengthSymbols } from './symbols';

/**
 * The level 1 of `slipway-gzip-3`: raw deflate (RFC 1951), made for speed. The bytes are a function of the dictionary, the data and
 * `isLast` alone, on every machine; whoever changes them gives the format another name.
 *
 * The caller writes the dictionary right before `dataAddress` and at most 1 MiB of data at it, and reads the result at `outputAddress`.
 */
export const dataAddress: usize = DATA;
export const outputAddress: usize = OUTPUT;

/** Bytes that share one set of codes: few enough to fit them, and one stored block when nothing helps. */
const PIECE: u32 = 0xffff;

/**
 * Deflates a block and returns the size of the result, never more than the data's and 256. It ends with the last bytes of a stream
 * when `isLast` is 1, with an empty stored block on a byte boundary when it is 0.
 */
export function encode(dictionarySize: u32, dataSize: u32, isLast: u32): u32 {
  const start = DATA - dictionarySize;
  const end = DATA + dataSize;
  fillLengthSymbols();
  startMatches(start);
  setBits(0, 0, OUTPUT);
  let from = DATA;
  do {
    // No small rest, which would cost codes of its own.
    const to = <u32>(end - from) > PIECE + PIECE / 4 ? from + PIECE : end;
    const next = findMatches(from, to, start, end);
    writeBlock(from, next, next == end ? isLast : 0);
    from = next;
  } while (from < end);
  if (!isLast) {
    putBits(0, 3);
    align();
    putBits(0xffff0000, 32);
  }
  align();
  return <u32>(out - OUTPUT);
}
