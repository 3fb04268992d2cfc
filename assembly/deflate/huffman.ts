import { BY_LENGTH, SORTED, TREE } from './memory-map';

/**
 * Code lengths of at most `limit` bits for `symbols` counts, at most 512. Optimal where the optimal code keeps to the limit; else the
 * counts are halved until it does. At least two symbols get a length, as some decoders refuse a code that is not whole.
 */
export function buildLengths(counts: usize, symbols: u32, limit: u32, lengths: usize): void {
  let used: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = load<u32>(counts + (symbol << 2));
    store<u8>(lengths + symbol, 0);
    if (count != 0) store<u32>(SORTED + (used++ << 2), (count << 9) | symbol);
  }
  for (let symbol: u32 = 0; used < 2; symbol++) {
    if (load<u32>(counts + (symbol << 2)) == 0) store<u32>(SORTED + (used++ << 2), (1 << 9) | symbol);
  }
  sort(used);
  while (buildTree(used) > limit) halveCounts(used);
  for (let index: u32 = 0; index < used; index++) {
    const symbol = load<u32>(SORTED + (index << 2)) & 0x1ff;
    store<u8>(lengths + symbol, <u8>load<u32>(TREE + (index << 2)));
  }
}

/** The canonical codes (RFC 1951, 3.2.2) of code lengths, their bits in the order in which they are written. */
export function buildCodes(lengths: usize, symbols: u32, codes: usize): void {
  memory.fill(BY_LENGTH, 0, 16 << 2);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const place = BY_LENGTH + ((<u32>load<u8>(lengths + symbol)) << 2);
    store<u32>(place, load<u32>(place) + 1);
  }
  let first: u32 = 0;
  store<u32>(BY_LENGTH, 0);
  for (let length: u32 = 1; length < 16; length++) {
    const place = BY_LENGTH + (length << 2);
    const symbolsOfLength = load<u32>(place);
    store<u32>(place, first);
    first = (first + symbolsOfLength) << 1;
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length = <u32>load<u8>(lengths + symbol);
    const place = BY_LENGTH + (length << 2);
    const next = load<u32>(place);
    store<u32>(place, next + 1);
    store<u32>(codes + (symbol << 2), length == 0 ? 0 : (reversed(next) >> (16 - length)) | (length << 24));
  }
}

/** Shell sort: by count, then by symbol. */
function sort(size: u32): void {
  for (let gap: u32 = 121; gap > 0; gap /= 3) {
    for (let from = gap; from < size; from++) {
      const value = load<u32>(SORTED + (from << 2));
      let at = from;
      while (at >= gap && load<u32>(SORTED + ((at - gap) << 2)) > value) {
        store<u32>(SORTED + (at << 2), load<u32>(SORTED + ((at - gap) << 2)));
        at -= gap;
      }
      store<u32>(SORTED + (at << 2), value);
    }
  }
}

/** Rounds up, so that no count becomes 0; the order by count stays. */
function halveCounts(size: u32): void {
  for (let index: u32 = 0; index < size; index++) {
    const value = load<u32>(SORTED + (index << 2));
    store<u32>(SORTED + (index << 2), ((((value >> 9) + 1) >> 1) << 9) | (value & 0x1ff));
  }
}

/**
 * Huffman's tree of the sorted counts, in one array: weights, which become parents, which become depths. In the end the array has the
 * depth of each leaf, and the greatest is returned.
 */
function buildTree(size: u32): u32 {
  for (let index: u32 = 0; index < size; index++) {
    store<u32>(TREE + (index << 2), load<u32>(SORTED + (index << 2)) >> 9);
  }
  let leaf: u32 = 0;
  let root: u32 = 0;
  for (let next: u32 = 0; next < size - 1; next++) {
    let weight: u32 = 0;
    for (let child = 0; child < 2; child++) {
      const isInner = leaf >= size || (root < next && load<u32>(TREE + (root << 2)) < load<u32>(TREE + (leaf << 2)));
      const place = TREE + ((isInner ? root : leaf) << 2);
      weight += load<u32>(place);
      if (isInner) {
        store<u32>(place, next);
        root++;
      } else {
        leaf++;
      }
    }
    store<u32>(TREE + (next << 2), weight);
  }
  store<u32>(TREE + ((size - 2) << 2), 0);
  for (let inner = <i32>size - 3; inner >= 0; inner--) {
    const parent = load<u32>(TREE + ((<u32>inner) << 2));
    store<u32>(TREE + ((<u32>inner) << 2), load<u32>(TREE + (parent << 2)) + 1);
  }
  return innerToLeafDepths(size);
}

/** From the root down: the places of a depth that no inner node takes are leaves. */
function innerToLeafDepths(size: u32): u32 {
  let places: u32 = 1;
  let depth: u32 = 0;
  let deepest: u32 = 0;
  let inner = <i32>size - 2;
  let leaf = size;
  while (places > 0) {
    let taken: u32 = 0;
    for (; inner >= 0 && load<u32>(TREE + ((<u32>inner) << 2)) == depth; inner--) taken++;
    for (; places > taken; places--) {
      store<u32>(TREE + (--leaf << 2), depth);
      deepest = depth;
    }
    places = taken << 1;
    depth++;
  }
  return deepest;
}

/** 16 bits, the last one first. */
function reversed(bits: u32): u32 {
  let value = ((bits & 0x5555) << 1) | ((bits >> 1) & 0x5555);
  value = ((value & 0x3333) << 2) | ((value >> 2) & 0x3333);
  value = ((value & 0x0f0f) << 4) | ((value >> 4) & 0x0f0f);
  return ((value & 0xff) << 8) | (value >> 8);
}
