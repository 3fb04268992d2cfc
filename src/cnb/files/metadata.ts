import type { BuildMetadata } from '../process.ts';

/** `<layers>/config/metadata.toml` (contract §5.18). */
export function decodeMetadata(_bytes: Uint8Array | string, _file: string): BuildMetadata {
  throw new Error('not yet');
}

/** Byte-exact (contract §12.7): these bytes are in the config layer's diffID. */
export function encodeMetadata(_metadata: BuildMetadata): string {
  throw new Error('not yet');
}
