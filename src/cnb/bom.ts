import type { TomlTable } from './toml-value.ts';

/** A legacy `[[bom]]` entry of launch.toml or build.toml (contract §12.5). */
export interface BomEntry {
  readonly name: string;
  readonly metadata?: TomlTable;
}
