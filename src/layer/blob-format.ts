import { BLOCK_FORMAT, type Compression } from './compression.ts';

/** Names everything that decides a blob's bytes besides its tar: two blobs of one diffID and one format are the same here. */
export function blobFormat(compression: Compression): string {
  if (compression.codec === 'none') return 'none';
  const { zlib, zstd } = process.versions;
  return `${JSON.stringify(compression)} ${BLOCK_FORMAT} zlib ${zlib} zstd ${zstd ?? ''}`;
}
