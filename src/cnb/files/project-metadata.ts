import type { TomlTable } from '../toml-value.ts';

/** project-metadata.toml (contract §5.9). */
export interface ProjectMetadata {
  readonly source?: { readonly type: string; readonly version: TomlTable; readonly metadata: TomlTable };
}

export function decodeProjectMetadata(_bytes: Uint8Array | string, _file: string): ProjectMetadata {
  throw new Error('not yet');
}

/** JSON of the label `io.buildpacks.project.metadata` (contract §6.3); `{}` without a source. */
export function projectMetadataLabel(_metadata: ProjectMetadata): string {
  throw new Error('not yet');
}
