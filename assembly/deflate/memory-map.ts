/**
 * Where everything lies in the encoder's memory: fixed places, so that it needs neither an allocator nor a garbage collector.
 * A "code" is 4 bytes: the bits (low 16, for lengths with their extra bits low 24) and how many there are (high 8).
 */

/**
 * Codes of the block being written: of literals and lengths (288), of match lengths by length (259), of distances (30; how many extra
 * bits follow is in bits 16 to 23), of code lengths (19).
 */
export const SYMBOL_CODES: usize = 0x0000;
export const LENGTH_CODES: usize = 0x0800;
export const DISTANCE_CODES: usize = 0x1000;
export const HEADER_CODES: usize = 0x1100;

/**
 * How often each symbol occurs, 4 bytes each. Every other literal counts in a second row, so that equal neighbours do not wait for
 * each other; the rows are added up before use.
 */
export const COUNTS: usize = 0x1200;
export const SYMBOL_COUNTS: usize = 0x1200;
export const ODD_LITERAL_COUNTS: usize = 0x1800;
export const DISTANCE_COUNTS: usize = 0x1c00;
export const HEADER_COUNTS: usize = 0x1d00;
export const COUNTS_END: usize = 0x1e00;

/** Code lengths, a byte a symbol. */
export const SYMBOL_LENGTHS: usize = 0x1e00;
export const DISTANCE_LENGTHS: usize = 0x2000;
export const HEADER_LENGTHS: usize = 0x2100;

/** What each match length is in RFC 1951, 4 bytes each by length: symbol (16 bits), how many extra bits (8), the extra bits (8). */
export const LENGTH_SYMBOLS: usize = 0x2200;

/** Work area of `huffman`: symbols by count, the tree, symbols or next code by length. */
export const SORTED: usize = 0x2800;
export const TREE: usize = 0x3000;
export const BY_LENGTH: usize = 0x3800;

/** The code lengths of the block as symbols of their own code, 2 bytes each: symbol (8 bits), extra bits (8). */
export const HEADER_TOKENS: usize = 0x3900;

/** Hash table of positions: their low 16 bits. */
export const TABLE: usize = 0x10000;
export const TABLE_BITS: u32 = 15;
export const TABLE_SIZE: usize = 0x10000;

/** The dictionary ends where the data begins, at a multiple of 64 KiB (see `matches`). Behind them 64 bytes may be read. */
export const DATA: usize = 0x30000;

/** Matches of a piece, 8 bytes each: literals before it (24 bits), length (16), distance symbol (8), distance - 1 (16). Length 0: no match. */
export const SEQUENCES: usize = 0x140000;

/** The literals of a piece, one behind the other. */
export const LITERALS: usize = 0x180000;

export const OUTPUT: usize = 0x1a0000;
