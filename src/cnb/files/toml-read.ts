import type { TomlTable } from '../toml-value.ts';

/**
 * TOML 1.0 → data. Throws `FILE_INVALID` with `file:line:column`, the reason, and the offending line in the details; nothing else.
 */
export function parseToml(_text: string | Uint8Array, _file: string): TomlTable {
  throw new Error('not yet');
}
