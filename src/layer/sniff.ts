import type { LayerCompression } from '../oci/media-types.ts';

/** What the first bytes of a layer are; undefined when they are neither gzip, zstd nor a tar. Needs up to 512 bytes. */
export function sniffCompression(start: Uint8Array): LayerCompression | undefined {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip';
  if (start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd) return 'zstd';
  const magic = Buffer.from(start.subarray(257, 262)).toString('latin1');
  return magic === 'ustar' || (start.length > 0 && start.every((byte) => byte === 0)) ? 'none' : undefined;
}
