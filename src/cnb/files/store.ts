import { hasCode, SlipwayError } from '../../core/errors.ts';
import type { TomlTable } from '../toml-value.ts';
import { decodeFile } from './decode.ts';
import { encodeToml, struct } from './toml-write.ts';

/** `[metadata]` of store.toml (contract §5.17), `null` when it has none. Throws `FILE_INVALID` naming the buildpack. */
export function decodeStore(bytes: Uint8Array | string, file: string, buildpackId: string): TomlTable | null {
  try {
    return decodeFile(bytes, file, (reader) => reader.table('metadata') ?? null);
  } catch (error) {
    if (!hasCode(error, 'FILE_INVALID')) throw error;
    throw new SlipwayError(
      'FILE_INVALID',
      `failed decoding store.toml for buildpack "${buildpackId}": ${error.message}`,
      {
        cause: error,
        details: error.details,
      },
    );
  }
}

export function encodeStore(metadata: TomlTable | null): string {
  return encodeToml(struct([['metadata', metadata]]));
}
