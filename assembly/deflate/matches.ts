import {
  COUNTS,
  COUNTS_END,
  DATA,
  DISTANCE_COUNTS,
  LENGTH_SYMBOLS,
  LITERALS,
  ODD_LITERAL_COUNTS,
  SEQUENCES,
  SYMBOL_COUNTS,
  TABLE,
  TABLE_BITS,
  TABLE_SIZE,
} from './memory-map';
import { distanceSymbol, LONGEST_MATCH } from './symbols';

/**
 * Finds what is repeated: greedily, with one table of the latest position of each hash of 5 bytes. The steps grow by one byte for
 * every 32 positions without a match, so that what does not compress is passed over quickly.
 *
 * The table has the low 16 bits of positions, since none farther than 32 KiB is of use. An entry can be wrong (of an older position,
 * or none at all) and is believed only after a look at the bytes there. It never leads before what the caller gave: it is filled with
 * 0x7f7f, which `DATA`, a multiple of 64 KiB, and what follows are farther than 32 KiB away from until the entry means bytes of the data.
 */

/** 2^5 positions a byte of step. */
const PATIENCE: u32 = 5;

/** Matches look at 8 bytes at once; the last bytes of the data are always literals or the end of a match. */
const TAIL: usize = 12;

/** Where the sequences of the last piece end. */
export let sequencesEnd: usize = 0;

/** Forgets all positions, then takes those of the dictionary: every other one, as they are many for what they bring. */
export function startMatches(dictionary: usize): void {
  memory.fill(TABLE, 0x7f, TABLE_SIZE);
  for (let at = dictionary; at + 4 < DATA; at += 2) remember(at);
}

/**
 * Makes sequences of the bytes from `from` up to `to` or the end of a match beyond, and returns where the next piece begins. Nothing
 * before `start` nor behind `end` is matched.
 */
export function findMatches(from: usize, to: usize, start: usize, end: usize): usize {
  memory.fill(COUNTS, 0, COUNTS_END - COUNTS);
  const last = end - from > TAIL ? end - TAIL : from;
  const stop = min(to, last);
  let sequence = SEQUENCES;
  let literal = LITERALS;
  /** Everything before is in a sequence. */
  let done = from;
  let at = from;
  while (at < stop) {
    let distance: u32 = 0;
    let difference: u64 = 0;
    let misses: u32 = 1 << PATIENCE;
    for (; at < stop; at += misses++ >> PATIENCE) {
      const word = load<u64>(at);
      const place = slot(word);
      distance = (<u32>(at - <usize>load<u16>(place))) & 0xffff;
      store<u16>(place, <u16>at);
      difference = word ^ load<u64>(at - distance);
      // One test for both, as each hard to foresee jump costs as much as ten bytes: 4 bytes are equal, and 0 < distance <= 32768.
      if (((difference & 0xffffffff) | (<u64>((distance - 1) >> 15))) == 0) break;
    }
    if (at >= stop) break;

    const matchEnd = difference != 0 ? at + ((<usize>ctz(difference)) >> 3) : equalUpTo(at + 8, distance, end);
    const matched = at - equalBefore(at, distance, min(at - done, at - distance - start));
    const run = matched - done;
    for (let copied: usize = 0; copied <= run; copied += 16) {
      store<u64>(literal + copied, load<u64>(done + copied));
      store<u64>(literal + copied, load<u64>(done + copied + 8), 8);
    }
    literal += run;
    sequence = putMatch(sequence, <u32>run, <u32>(matchEnd - matched), distance);
    remember(at + 2);
    done = matchEnd;
    at = matchEnd;
    remember(at - 2);
  }
  const next = max(to, done);
  store<u64>(sequence, (<u64>(next - done)) << 40);
  memory.copy(literal, done, next - done);
  countLiterals(literal + (next - done));
  sequencesEnd = sequence + 8;
  return next;
}

/** One match as sequences of at most 258 bytes each, none shorter than 3. Returns the place of the next. */
function putMatch(place: usize, run: u32, length: u32, distance: u32): usize {
  const symbol = distanceSymbol(distance - 1);
  const shared = ((<u64>symbol) << 16) | (<u64>(distance - 1));
  let literals = (<u64>run) << 40;
  let left = length;
  let sequence = place;
  while (left > 0) {
    const taken: u32 = left <= LONGEST_MATCH ? left : left < LONGEST_MATCH + 3 ? LONGEST_MATCH - 3 : LONGEST_MATCH;
    store<u64>(sequence, literals | ((<u64>taken) << 24) | shared);
    increment(SYMBOL_COUNTS + ((<u32>load<u16>(LENGTH_SYMBOLS + (taken << 2))) << 2));
    increment(DISTANCE_COUNTS + (symbol << 2));
    literals = 0;
    left -= taken;
    sequence += 8;
  }
  return sequence;
}

/** The first place from `from` on whose byte is not the one `distance` before it, or `end`. */
function equalUpTo(from: usize, distance: u32, end: usize): usize {
  let at = from;
  for (; at + 8 <= end; at += 8) {
    const difference = load<u64>(at) ^ load<u64>(at - distance);
    if (difference != 0) return at + ((<usize>ctz(difference)) >> 3);
  }
  while (at < end && load<u8>(at) == load<u8>(at - distance)) at++;
  return at;
}

/** How many bytes before `at` are equal to those `distance` before them: at most 8 and `most`. No jump: it would be guessed wrong too often. */
function equalBefore(at: usize, distance: u32, most: usize): usize {
  const equal = (<usize>clz(load<u64>(at - 8) ^ load<u64>(at - 8 - distance))) >> 3;
  return select(equal, most, equal < most);
}

function countLiterals(end: usize): void {
  let at = LITERALS;
  for (; at + 8 <= end; at += 8) {
    const bytes = load<u64>(at);
    increment(SYMBOL_COUNTS + (((<usize>bytes) & 0xff) << 2));
    increment(ODD_LITERAL_COUNTS + (((<usize>(bytes >> 8)) & 0xff) << 2));
    increment(SYMBOL_COUNTS + (((<usize>(bytes >> 16)) & 0xff) << 2));
    increment(ODD_LITERAL_COUNTS + (((<usize>(bytes >> 24)) & 0xff) << 2));
    increment(SYMBOL_COUNTS + (((<usize>(bytes >> 32)) & 0xff) << 2));
    increment(ODD_LITERAL_COUNTS + (((<usize>(bytes >> 40)) & 0xff) << 2));
    increment(SYMBOL_COUNTS + (((<usize>(bytes >> 48)) & 0xff) << 2));
    increment(ODD_LITERAL_COUNTS + ((<usize>(bytes >> 56)) << 2));
  }
  for (; at < end; at++) increment(SYMBOL_COUNTS + ((<usize>load<u8>(at)) << 2));
}

function slot(word: u64): usize {
  return TABLE + ((<usize>(((word << 24) * 0x9e3779b185ebca87) >> (64 - TABLE_BITS))) << 1);
}

function remember(at: usize): void {
  store<u16>(slot(load<u64>(at)), <u16>at);
}

function increment(place: usize): void {
  store<u32>(place, load<u32>(place) + 1);
}
