import { goJson } from '../../oci/go-json.ts';
import { tomlToJson } from '../toml-json.ts';
import type { TomlTable } from '../toml-value.ts';
import { decodeFile } from './decode.ts';

/** project-metadata.toml (contract §5.9). */
export interface ProjectMetadata {
  readonly source?: { readonly type: string; readonly version: TomlTable; readonly metadata: TomlTable };
}

export function decodeProjectMetadata(bytes: Uint8Array | string, file: string): ProjectMetadata {
  return decodeFile(bytes, file, (reader) => {
    if (!reader.fields.has('source')) return {};
    const source = reader.nested('source');
    return {
      source: {
        type: source.fields.optionalString('type') ?? '',
        version: source.table('version') ?? {},
        metadata: source.table('metadata') ?? {},
      },
    };
  });
}

/** JSON of the label `io.buildpacks.project.metadata` (contract §6.3): empty members omitted, `{}` without a source. */
export function projectMetadataLabel(metadata: ProjectMetadata): string {
  const { source } = metadata;
  if (source === undefined) return '{}';
  return goJson({
    source: {
      type: source.type === '' ? undefined : source.type,
      version: tableJson(source.version),
      metadata: tableJson(source.metadata),
    },
  });
}

function tableJson(table: TomlTable): unknown {
  return Object.keys(table).length === 0 ? undefined : tomlToJson(table);
}
