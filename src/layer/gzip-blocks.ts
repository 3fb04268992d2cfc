/**
 * The compressed form of a layer, by version. Another version may give other blob digests for the same diffID.
 *
 * `slipway-gzip-1`: one gzip member (RFC 1952).
 * - Header, 10 bytes: `1f 8b 08 00`, mtime `00 00 00 00`, XFL (4 at level 1, 2 at level 9, else 0), OS `ff`.
 * - The tar in blocks of exactly 1 MiB by offset; the last block has 1 byte to 1 MiB. Each block is deflated alone (zlib, window 15,
 *   memLevel 8, default strategy) with the 32 KiB of tar before it as dictionary (none for the first block). All blocks but the last
 *   end with `Z_SYNC_FLUSH`, the last with `Z_FINISH`, so that the blocks side by side are one deflate stream.
 * - Trailer: CRC-32 and length modulo 2^32 of the tar, little endian.
 *
 * The bytes depend on the tar, the level and the zlib build only: neither on the number of threads nor on blocks in flight.
 */
export const BLOCK_FORMAT: string = 'slipway-gzip-1';
