import type { TomlTable } from '../toml-value.ts';

/** `[metadata]` of store.toml (contract §5.17), `null` when it has none. Throws `FILE_INVALID` naming the buildpack. */
export function decodeStore(_bytes: Uint8Array | string, _file: string, _buildpackId: string): TomlTable | null {
  throw new Error('not yet');
}

export function encodeStore(_metadata: TomlTable | null): string {
  throw new Error('not yet');
}
