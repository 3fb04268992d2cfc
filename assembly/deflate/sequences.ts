import { buffer, count, out, setBits } from './bits';
import { DISTANCE_CODES, LENGTH_CODES, LITERALS, SEQUENCES, SYMBOL_CODES } from './memory-map';
import { sequencesEnd } from './matches';

/**
 * Writes the literals and matches of a piece in the block's codes. The bits are kept in variables of this function and go out when at
 * most 56 are there: three literals of 15 bits, or a length of 15 + 5 and a distance of 15 + 13, behind fewer than 8 that wait.
 */
export function writeSequences(): void {
  let bits = buffer;
  let waiting = count;
  let to = out;
  let literal = LITERALS;
  const end = sequencesEnd;
  for (let at = SEQUENCES; at < end; at += 8) {
    const sequence = load<u64>(at);
    let run = <u32>(sequence >> 40);
    for (; run > 3; run -= 3) {
      const first = literalCode(literal);
      const second = literalCode(literal + 1);
      const third = literalCode(literal + 2);
      bits |= (<u64>(first & 0xffff)) << waiting;
      waiting += first >> 24;
      bits |= (<u64>(second & 0xffff)) << waiting;
      waiting += second >> 24;
      bits |= (<u64>(third & 0xffff)) << waiting;
      waiting += third >> 24;
      literal += 3;
      store<u64>(to, bits);
      to += waiting >> 3;
      bits >>= waiting & 0x38;
      waiting &= 7;
    }
    // The last up to three without a jump, which would be guessed wrong too often: those that are not there have no bits.
    const first = literalCode(literal) & (run > 0 ? 0xffffffff : 0);
    const second = literalCode(literal + 1) & (run > 1 ? 0xffffffff : 0);
    const third = literalCode(literal + 2) & (run > 2 ? 0xffffffff : 0);
    bits |= (<u64>(first & 0xffff)) << waiting;
    waiting += first >> 24;
    bits |= (<u64>(second & 0xffff)) << waiting;
    waiting += second >> 24;
    bits |= (<u64>(third & 0xffff)) << waiting;
    waiting += third >> 24;
    literal += run;
    store<u64>(to, bits);
    to += waiting >> 3;
    bits >>= waiting & 0x38;
    waiting &= 7;

    const length = (<u32>(sequence >> 24)) & 0xffff;
    if (length == 0) continue;
    const lengthCode = load<u32>(LENGTH_CODES + (length << 2));
    bits |= (<u64>(lengthCode & 0xffffff)) << waiting;
    waiting += lengthCode >> 24;
    const distanceCode = load<u32>(DISTANCE_CODES + (((<u32>(sequence >> 16)) & 0xff) << 2));
    bits |= (<u64>(distanceCode & 0xffff)) << waiting;
    waiting += distanceCode >> 24;
    const extra = (distanceCode >> 16) & 0xff;
    bits |= (sequence & ((1 << extra) - 1)) << waiting;
    waiting += extra;
    store<u64>(to, bits);
    to += waiting >> 3;
    bits >>= waiting & 0x38;
    waiting &= 7;
  }
  setBits(bits, waiting, to);
}

function literalCode(at: usize): u32 {
  return load<u32>(SYMBOL_CODES + ((<u32>load<u8>(at)) << 2));
}
